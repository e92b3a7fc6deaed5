"""What `client.up` returns: :class:`Connection`. Nothing that shows it shows its password."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

_MASK = "******"


class _Hidden:
    """A text that no repr shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def expose(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return _MASK


class Connection:
    """A cluster that can be connected to: ``pymongo.MongoClient(connection.uri)``.

    ========== =======================================================================================================
    `uri`      the whole connection string, user and password escaped as drivers want them
    `name`     the cluster's name
    `group_id` the project; None in a dry run that would make one
    `username` the database user's name
    `password` its password; None if the user was there and none was given
    `cluster`  the cluster as Atlas describes it, a dict; None in a dry run that would make it
    `user`     the database user as Atlas describes it, a dict; None in a dry run that would make it
    `access`   the project's IP access list, a list of dicts
    `did`      what was done: a list of dicts with `what` (project, cluster, user, access), `name`, `how` (made, found,
               changed) and `why`
    `dry_run`  True if nothing was done; `how` then says what would be: ``"to be made"``, ``"to be changed"``
    ========== =======================================================================================================

    `repr`, `str`, notebooks, :meth:`to_dict`, copies, pickles and Airflow's XCom have ``******`` in the place of the
    password, or none. Whoever asks for `uri` or `password` gets it.
    """

    __slots__ = (
        "_password",
        "_uri",
        "access",
        "cluster",
        "did",
        "dry_run",
        "group_id",
        "name",
        "user",
        "username",
    )
    __version__: ClassVar[int] = 1  # of `serialize`, for Airflow

    def __init__(
        self,
        *,
        name: str,
        group_id: str | None,
        username: str,
        cluster: dict[str, Any] | None = None,
        user: dict[str, Any] | None = None,
        access: list[dict[str, Any]] | None = None,
        did: list[dict[str, Any]] | None = None,
        dry_run: bool = False,
        password: str | None = None,
        uri: str | None = None,
    ) -> None:
        self.name = name
        self.group_id = group_id
        self.username = username
        self.cluster = cluster
        self.user = user
        self.access = access or []
        self.did = did or []
        self.dry_run = dry_run
        self._password = None if password is None else _Hidden(password)
        self._uri = None if uri is None else _Hidden(uri)

    @property
    def password(self) -> str | None:
        """The database user's password; None if the user was there and none was given."""
        return None if self._password is None else self._password.expose()

    @property
    def uri(self) -> str:
        """The whole connection string. A ConfigurationError where it is not known, which says why."""
        if self._uri is not None:
            return self._uri.expose()
        from atlas_serverless.errors import ConfigurationError

        if self.dry_run:
            raise ConfigurationError("there is no connection string: this was a dry run")
        if self._password is None:
            raise ConfigurationError(
                f"the password of the database user {self.username} is not known: give password= (or "
                "ATLAS_SERVERLESS_DB_PASSWORD), or reset_password=True for a new one"
            )
        raise ConfigurationError(f"the cluster {self.name} has no address yet: wait for it")

    @property
    def masked_uri(self) -> str | None:
        """The connection string with ``******`` in the place of the password; None where there is none."""
        if self._uri is None:
            return None
        head, _, rest = self._uri.expose().rpartition("@")
        return f"{head.rpartition(':')[0]}:{_MASK}@{rest}"

    def to_dict(self) -> dict[str, Any]:
        """All but the password, as JSON has it; `uri` is masked."""
        return {
            "name": self.name,
            "group_id": self.group_id,
            "username": self.username,
            "uri": self.masked_uri,
            "did": self.did,
            "cluster": self.cluster,
            "user": self.user,
            "access": self.access,
            "dry_run": self.dry_run,
        }

    def serialize(self) -> dict[str, Any]:
        """For Airflow's XCom: :meth:`to_dict`."""
        return self.to_dict()

    @staticmethod
    def deserialize(data: dict[str, Any], version: int) -> Connection:
        """What Airflow's XCom has kept: a Connection without a password."""
        if version > Connection.__version__:
            raise TypeError(f"a Connection of version {version} cannot be read: update atlas-serverless")
        return _without_password(data)

    def __reduce__(self) -> Any:
        return _without_password, (self.to_dict(),)

    def __repr__(self) -> str:
        return f"<Connection {self.name}: {self.masked_uri or 'no connection string'}>"

    def _repr_html_(self) -> str:
        from html import escape

        rows = [
            f"<tr><td>{escape(step['what'])}</td><td>{escape(step['name'])}</td><td>{escape(step['how'])}</td>"
            f"<td>{escape(step.get('why') or '')}</td></tr>"
            for step in self.did
        ]
        return f"<p><code>{escape(repr(self))}</code></p><table>{''.join(rows)}</table>"


def _without_password(data: dict[str, Any]) -> Connection:
    return Connection(**{name: value for name, value in data.items() if name != "uri"})
