"""The folder of a run: found, made, and never taken for what it is not."""

from __future__ import annotations

import os

import pytest

from netsitter.doors.folder import RunFolder, new_folder, run_folder
from netsitter.errors import RunError
from netsitter.plan.plan import Plan


def test_a_new_folder_is_named_for_the_day_and_the_data_and_holds_the_plan(tmp_path):
    folder = new_folder(tmp_path / "runs", "../My Photos/ünï\n", Plan())
    assert folder.path.parent == tmp_path / "runs"
    assert folder.path.name[11:] == "my-photos-n"
    assert folder.plan() == Plan()


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    names = [new_folder(tmp_path, "same", Plan()).path.name[11:] for _ in range(3)]
    assert names == ["same", "same-2", "same-3"]


@pytest.mark.parametrize("place", ["file", "file/inside", "missing/missing"])
def test_a_place_where_no_run_can_be_kept_is_refused(place, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="no run can be kept") as caught:
        new_folder(tmp_path / place, "run", Plan())
    assert "--runs" in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {"file"}


def test_a_link_or_a_pipe_in_place_of_the_plan_is_not_read(tmp_path):
    (tmp_path / "journal.jsonl").write_text("")
    os.mkfifo(tmp_path / "plan.toml")
    with pytest.raises(RunError, match=r"plan\.toml"):
        run_folder(tmp_path).plan()
    (tmp_path / "plan.toml").unlink()
    (tmp_path / "plan.toml").symlink_to("/etc/passwd")
    with pytest.raises(RunError, match=r"plan\.toml"):
        RunFolder(tmp_path).plan()
