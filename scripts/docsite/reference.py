"""The reference: a page for each public module, with every name of its `__all__`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "python/atlas_serverless"
#: Where the sentence and the order of a module's page are more than what follows from the module.
TITLES = {
    "atlas_serverless": "atlas_serverless",
    "atlas_serverless.errors": "Exceptions and warnings",
    "atlas_serverless.types": "Types",
    "atlas_serverless.emulator": "Emulator",
    "atlas_serverless.testing": "Testing",
    "atlas_serverless.integrations.pytest_plugin": "pytest fixtures",
}
#: Classes that have a page of their own.
OWN_PAGES = {"Client": "client", "AsyncClient": "async-client"}
INDEX = """\
# Reference

Every public name: what it takes, in which unit, what it returns and raises, and Atlas' page that it follows.

| page | what |
| --- | --- |
| [Client](client.md) | one client for scripts, notebooks and threads |
| [AsyncClient](async-client.md) | the same methods as coroutines |
{modules}
| [Errors by code](../errors/index.md) | a page for each of Atlas' error codes |
| [Fields](../fields.md) | every field of a request and a reply |
| [Command line](command-line.md) | `atlas-serverless` |

`atlas_serverless` itself has `Client`, `AsyncClient`, `Emulator`, `errors`, `types`, the string `__version__`, and:

::: atlas_serverless.to_flex_spec
    options:
      show_root_full_path: true
"""


def public_modules() -> dict[str, list[str]]:
    """Each public module and its public names: `__all__`, else its classes, or its fixtures for pytest."""
    return dict(sorted((module, names) for module, names in _modules() if names))


def _modules() -> Iterator[tuple[str, list[str]]]:
    for path in PACKAGE.rglob("*.py"):
        steps = path.relative_to(PACKAGE.parent).with_suffix("").parts
        steps = steps[:-1] if steps[-1] == "__init__" else steps
        if any(step.startswith("_") for step in steps) or "cli" in steps or steps[-1] == "aio":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield ".".join(steps), _exported(tree) or [*_fixtures(tree), *_classes(tree)]


def _exported(tree: ast.Module) -> list[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [ast.literal_eval(part) for part in node.value.elts if isinstance(part, ast.Constant)]  # type: ignore[attr-defined]
    return []


def _fixtures(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield from [node.name] * any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)


def _classes(tree: ast.Module) -> Iterator[str]:
    found = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    yield from (name for name in found if not name.startswith("_"))


def pages() -> dict[str, str]:
    """The pages by their place in the site."""
    modules = {module: names for module, names in public_modules().items() if module != "atlas_serverless"}
    rows = "\n".join(f"| [{_title(module)}]({_place(module)}) | `{module}` |" for module in modules)
    made = {"reference/index.md": INDEX.format(modules=rows)}
    for name, place in OWN_PAGES.items():
        made[f"reference/{place}.md"] = (
            f"---\ntitle: {name}\n---\n\n::: atlas_serverless.{name}\n    options:\n      heading_level: 1\n"
        )
    for module, names in modules.items():
        made[f"reference/{_place(module)}"] = "\n".join([f"# {_title(module)}\n", *_module(module, names)]) + "\n"
    return made


def _module(module: str, names: list[str]) -> Iterator[str]:
    options = ("members: false", "show_root_heading: false", "show_root_toc_entry: false")
    yield "\n      ".join([f"::: {module}\n    options:", *options]) + "\n"
    for name in names:
        yield f"::: {module}.{name}\n"


def _title(module: str) -> str:
    return TITLES.get(module) or _inside(module).replace(".", ": ").capitalize()


def _place(module: str) -> str:
    return _inside(module).replace(".", "-").replace("_", "-") + ".md"


def _inside(module: str) -> str:
    return module.removeprefix("atlas_serverless.").removeprefix("integrations.")
