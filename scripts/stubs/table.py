"""The client's methods and their arguments, as `operations.toml` and `arguments.toml` have them."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # mypy brings it

HERE = Path(__file__).resolve().parent
#: What a short name for a type means; the command line offers the words of a Literal as choices.
ALIASES = {
    "IfExists": 'Literal["error", "return", "update"]',
    "OnTimeout": 'Literal["error", "delete"]',
    "OnRetired": 'Literal["raise", "flex"]',
}


#: Methods whose arguments the binary tells apart itself.
LENIENT = "find|(?:create|update|delete)_many|(get|update|upgrade|delete|wait_for)_(flex_cluster|serverless_instance)"


@dataclass(frozen=True)
class Argument:
    """One argument of one method."""

    name: str
    type: str
    doc: str = ""
    default: str | None = None
    option: str | None = None
    #: The argument whose line in the table tells of this one too.
    beside: str | None = None
    #: Whether its option has a `--no-…`, since there is another default on the command line.
    negatable: bool = False
    #: Whether its option takes 0, which other times do not.
    or_zero: bool = False

    def with_words(self, words: dict[str, str]) -> Argument:
        option = None if self.option is None else _filled(self.option, words)
        return replace(self, doc=_filled(self.doc, words), option=option)


@dataclass(frozen=True)
class Method:
    """A method, property, constructor or function."""

    name: str
    doc: str
    returns: str = "None"
    plain: tuple[Argument, ...] = ()
    keywords: tuple[Argument, ...] = ()
    fields: Argument | None = None

    @property
    def arguments(self) -> tuple[Argument, ...]:
        return self.plain + self.keywords

    @property
    def is_lenient(self) -> bool:
        """Whether the binary takes any arguments, and refuses wrong ones in words of its own."""
        return re.fullmatch(LENIENT, self.name) is not None

    @property
    def gives_many(self) -> bool:
        """Whether it hands out results one by one, as lists and `create_many` do."""
        return self.returns == "Creates" or self.returns.startswith("Pages[")


@dataclass
class Interface:
    """All that a user can call."""

    client: Method
    constructors: dict[str, Method] = field(default_factory=dict)
    operations: dict[str, Method] = field(default_factory=dict)
    properties: dict[str, Method] = field(default_factory=dict)
    endings: dict[str, Method] = field(default_factory=dict)
    functions: dict[str, Method] = field(default_factory=dict)

    def all(self) -> list[Method]:
        groups = (self.constructors, self.operations, self.properties, self.endings, self.functions)
        return [self.client, *(method for group in groups for method in group.values())]


def read() -> Interface:
    """The tables."""
    shared = tomllib.loads((HERE / "arguments.toml").read_text(encoding="utf-8"))
    tables = tomllib.loads((HERE / "operations.toml").read_text(encoding="utf-8"))
    options = tuple(Argument(name, **facts) for name, facts in tables["client"]["arguments"].items())
    interface = Interface(client=Method("Client", tables["client"]["doc"], keywords=options))
    for group in ("constructors", "operations", "properties", "endings", "functions"):
        methods = {name: _method(name, facts, shared) for name, facts in tables[group].items()}
        setattr(interface, group, methods)
    many = interface.operations["create_many"]
    known = {argument.name: argument for argument in (*create_options(interface, "serverless_instance"),)}
    names = [f"`{name}`" for name in known]
    words = {"create options": f"{', '.join(names[:-1])} and {names[-1]}"}
    interface.operations["create_many"] = replace(
        many, plain=tuple(argument.with_words(words) for argument in many.plain)
    )
    return interface


def create_options(interface: Interface, kind: str) -> list[Argument]:
    """What an operation of `create_many` takes beside project, kind and fields: all but `progress`."""
    return [argument for argument in interface.operations[f"create_{kind}"].keywords if argument.name != "progress"]


def _method(name: str, facts: dict[str, Any], shared: dict[str, dict[str, Any]]) -> Method:
    words, own = facts.get("words", {}), facts.get("own", {})
    plain, _, keywords = facts.get("arguments", "").partition("*")

    def arguments(text: str) -> tuple[Argument, ...]:
        names = [word.strip() for word in text.split(",") if word.strip()]
        return tuple(Argument(n, **{**shared.get(n, {}), **own.get(n, {})}).with_words(words) for n in names)

    fields = facts.get("fields")
    return Method(
        name=name,
        doc=facts["doc"],
        returns=facts.get("returns", "None"),
        plain=arguments(plain),
        keywords=arguments(keywords),
        fields=None if fields is None else Argument(**fields),
    )


def _filled(text: str, words: dict[str, str]) -> str:
    """The text with its words in the place of `<one>` and the like; one that is not known stays."""
    return re.sub(r"<(\w[\w ]*)>", lambda found: words.get(found[1], found[0]), text)
