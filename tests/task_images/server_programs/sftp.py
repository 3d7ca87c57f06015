"""
An SFTP server over a folder, with one user who has a password and a key.

The argument is the folder. PASSWORD has the password: everybody sees arguments. Prints a line of
JSON with its port, the fingerprint of its key and the private key of the user. Ends with its
standard input.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import asyncssh


class Server(asyncssh.SSHServer):
    """Lets one user in."""

    def __init__(self, password: str) -> None:
        self._password = password

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - the name asyncssh asks for
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("ada", self._password)


class Files(asyncssh.SFTPServer):
    """Serves one folder, of which nobody gets out; `full` is a disk without room."""

    def __init__(self, channel: Any) -> None:
        super().__init__(channel, chroot=sys.argv[1])

    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:
        if "/full/" in str(file_obj.name):
            raise asyncssh.SFTPFailure("No space left on device")
        return super().write(file_obj, offset, data)


async def main() -> None:
    """Serve until nobody reads any more."""
    own, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    allowed = Path(sys.argv[1]).with_suffix(".allowed")
    allowed.write_bytes(user.export_public_key())
    listening = await asyncssh.create_server(
        lambda: Server(os.environ["PASSWORD"]),
        "127.0.0.1",
        0,
        server_host_keys=[own],
        authorized_client_keys=str(allowed),
        sftp_factory=Files,
    )
    told = {
        "port": listening.get_port(),
        "hostKey": own.get_fingerprint(),
        "privateKey": user.export_private_key().decode(),
    }
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
