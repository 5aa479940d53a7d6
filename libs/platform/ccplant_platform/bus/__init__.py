"""The bus: connection, credentials, streams, retry and dead letters. Only `broker` imports FastStream."""
