"""Asks for the next work credential, with the one credential that may do nothing else.

The key is made here and its secret half never leaves this process: what the answer holds is of no use to whoever reads it.
Only the control plane's word that this launch is over is a refusal; silence is a reason to ask again.
"""

from __future__ import annotations

import time

import nats.errors
from pydantic import ValidationError

from ccplant_contracts.launch import BusAccess, LaunchSpec, RenewalAnswer, RenewalRequest
from ccplant_contracts.subjects import runner_out
from ccplant_platform.bus import jwts
from ccplant_runner.credential import WorkCredential
from ccplant_runner.line import CredentialRefusedError, Line, UnreachableError
from ccplant_runner.log import RunnerLog

_ANSWER_SECONDS = 3.0


class RenewalRefusedError(Exception):
    """This launch is not the current one any more."""


class NotRenewedError(Exception):
    """Nobody answered; the next try may be better."""


class Renewer:
    """Renews one launch's work credential."""

    def __init__(self, access: BusAccess, spec: LaunchSpec, log: RunnerLog) -> None:
        self._access = access
        self._session_id = spec.session_id
        self._launch_id = spec.launch_id
        self._log = log

    async def renew(self, credential: WorkCredential) -> None:
        """Give the credential its next life.

        Raises:
            RenewalRefusedError: the launch is over.
            NotRenewedError: nobody said anything.
        """
        asked_at, user = time.monotonic(), jwts.new_key(jwts.USER)
        try:
            answer = await self._ask(jwts.public(user))
        except NotRenewedError as error:
            credential.not_renewed()
            self._log.warning("bus_credential_not_renewed", error=str(error))
            raise
        if not answer.granted:
            raise RenewalRefusedError(answer.refusal or "refused")
        change = {
            "jwt": answer.jwt,
            "seed": user.seed.decode(),
            "issued_at": None,
            "seconds_to_live": answer.seconds_to_live,
        }
        credential.renewed(credential.access.model_copy(update=change), asked_at)
        self._log.info("bus_credential_renewed", seconds_to_live=answer.seconds_to_live)

    async def _ask(self, public_key: str) -> RenewalAnswer:
        request = RenewalRequest(
            session_id=self._session_id, launch_id=self._launch_id, public_key=public_key
        )
        line = Line(self._access, f"renewal-{self._launch_id}", self._log)
        try:
            await line.dial()
        except (UnreachableError, CredentialRefusedError) as error:
            raise NotRenewedError(f"{type(error).__name__}: {error}") from error
        try:
            with line.use() as client:
                reply = await client.request(
                    runner_out(self._launch_id, "renew"),
                    request.model_dump_json().encode(),
                    timeout=_ANSWER_SECONDS,
                )
            return RenewalAnswer.model_validate_json(reply.data)
        except (nats.errors.Error, TimeoutError, ValidationError) as error:
            raise NotRenewedError(f"{type(error).__name__}: {str(error)[:200]}") from error
        finally:
            await line.close()
