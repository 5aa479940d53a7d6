# Where sessions run: the runner, git, ripgrep, Node.js and the agents. One image for each target:
#
#   docker build -f deploy/docker/runner.Dockerfile --target runner             -t ccplant/runner:0.1.0 .
#   docker build -f deploy/docker/runner.Dockerfile --target orchestrator-local -t ccplant/orchestrator-local:0.1.0 .
#
# The agents are installed by `ccplant agent install`, so by the same lock and with the same handshake as anywhere else.
# An image of your own begins with `FROM ccplant/runner:0.1.0`, and ends with `USER 1000:1000`.
ARG PYTHON_VERSION=3.11
FROM python:${PYTHON_VERSION}-slim-bookworm AS base
ENV PATH=/opt/ccplant/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
RUN groupadd --gid 1000 ccplant \
    && useradd --uid 1000 --gid 1000 --create-home --shell /bin/bash ccplant

# --- built here, left here ---

FROM base AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /src
COPY requirements/build.lock requirements/
RUN python3 -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes --requirement requirements/build.lock

FROM build AS libraries
COPY requirements/runner.lock requirements/
RUN python3 -m venv --without-pip /opt/ccplant \
    && /opt/build/bin/pip --python /opt/ccplant/bin/python install --require-hashes \
        --requirement requirements/runner.lock

# the runner's libraries and the services', for the orchestrator that runs sessions in its own container
FROM libraries AS all-libraries
COPY requirements/orchestrator.lock requirements/
RUN /opt/build/bin/pip --python /opt/ccplant/bin/python install --require-hashes \
        --requirement requirements/orchestrator.lock

# names, one after another, of what `ccplant agent list` shows; other folders than these change nothing in this layer
FROM build AS agents
ARG AGENTS="claude-code"
COPY libs/contracts libs/contracts
COPY cli cli
RUN /opt/build/bin/pip install --quiet --no-deps --no-build-isolation ./libs/contracts ./cli \
    && for agent in ${AGENTS}; do \
        /opt/build/bin/ccplant agent install "$agent" --data-dir /opt --with-node || exit 1; \
    done \
    && mkdir -p /opt/agents \
    && rm -rf /root/.npm \
    && chmod -R a+rX,go-w /opt/agents

FROM build AS own
COPY libs libs
COPY services services
COPY runner runner
COPY cli cli
RUN for package in libs/contracts libs/platform libs/store services/orchestrator runner; do \
        /opt/build/bin/pip install --quiet --no-deps --no-build-isolation \
            --target "/own/$(basename "$package")" "./$package" || exit 1; \
        rm -rf "/own/$(basename "$package")/bin"; \
    done \
    && /opt/build/bin/pip install --quiet --no-deps --no-build-isolation --target /own/cli ./cli \
    && rm -rf /own/cli/bin

# --- the images ---

FROM base AS place
ARG CCPLANT_VERSION=0.1.0
LABEL org.opencontainers.image.title="ccplant" \
      org.opencontainers.image.version="${CCPLANT_VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl git openssh-client procps ripgrep \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/log/apt /var/log/dpkg.log \
    && install -d -m 755 -o 1000 -g 1000 /workspace /var/lib/ccplant
COPY LICENSE /usr/share/doc/ccplant/LICENSE
COPY --from=agents /opt/agents /opt/agents
WORKDIR /workspace

FROM place AS runner
ARG PYTHON_VERSION
COPY --from=libraries /opt/ccplant /opt/ccplant
COPY --from=own /own/contracts /own/platform /own/runner /opt/ccplant/lib/python${PYTHON_VERSION}/site-packages/
USER 1000:1000
ENTRYPOINT ["python", "-m", "ccplant_runner"]

FROM place AS orchestrator-local
ARG PYTHON_VERSION
ENV CCPLANT_RUNTIME=local CCPLANT_AGENTS_DIR=/opt/agents CCPLANT_ALIVE_FILE=/tmp/ccplant-alive \
    CCPLANT_LOCAL_DATA_DIR=/var/lib/ccplant
COPY --from=all-libraries /opt/ccplant /opt/ccplant
COPY --from=own /own/contracts /own/platform /own/store /own/orchestrator /own/runner /own/cli /opt/ccplant/lib/python${PYTHON_VERSION}/site-packages/
COPY --chmod=755 deploy/docker/ccplant /opt/ccplant/bin/ccplant
USER 1000:1000
WORKDIR /var/lib/ccplant
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "ccplant_platform.alive"]
CMD ["python", "-m", "ccplant_orchestrator"]
