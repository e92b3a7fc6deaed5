"""The emulator's state folder: it holds credentials, so it is for its owner alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from atlas_serverless import Emulator

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


def test_it_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "above" / "state"
    before = os.umask(0o022)
    try:
        with Emulator(state_dir=folder):
            assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)] == [0o700, 0o700]
    finally:
        os.umask(before)
    file = folder / "state.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["state.json"]


def test_no_link_is_followed(tmp_path: Path) -> None:
    with Emulator(state_dir=tmp_path / "state"):
        pass
    (tmp_path / "link").symlink_to(tmp_path / "state")
    with pytest.raises(RuntimeError, match=r"The state folder .*/link cannot be used: the folder is a symbolic link"):
        Emulator(state_dir=tmp_path / "link")
    file = tmp_path / "state" / "state.json"
    file.rename(tmp_path / "elsewhere.json")
    file.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(RuntimeError, match=r"state\.json is a symbolic link"):
        Emulator(state_dir=tmp_path / "state")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a link away")
def test_nothing_is_made_where_a_third_user_leads(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    link, folder = tmp_path / "link", tmp_path / "folder"
    link.symlink_to(tmp_path / "victim")
    folder.mkdir()
    for path in (link, folder):
        os.chown(path, 4321, -1, follow_symlinks=False)
        with pytest.raises(RuntimeError, match=rf"/{path.name} above it belongs to user 4321, neither to root nor to"):
            Emulator(state_dir=path / "state" / "deep")
        assert list(path.iterdir()) == []


def test_a_link_that_is_put_there_later_is_replaced(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    with Emulator(state_dir=tmp_path / "state"):
        (tmp_path / "state" / "state.json").unlink(missing_ok=True)
        (tmp_path / "state" / "state.json").symlink_to(victim)
    assert victim.read_text() == "precious"


def test_what_others_can_change_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(RuntimeError, match=r"the folder is open to other users \(mode 0777\)"):
        Emulator(state_dir=folder)
    with pytest.raises(RuntimeError, match=r"/open above it is open to all users \(mode 0777\)"):
        Emulator(state_dir=folder / "state")
    file = tmp_path / "state" / "state.json"
    with Emulator(state_dir=tmp_path / "state"):
        pass
    file.chmod(0o644)
    with pytest.raises(RuntimeError, match=r"state\.json is open to other users \(mode 0644\)"):
        Emulator(state_dir=tmp_path / "state")
