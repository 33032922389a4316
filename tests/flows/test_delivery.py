"""Delivery: nothing unless configured, to each receiver once, with patience, and no secret ever told."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.delivery import Outside, deliver_week, read_log
from flows.delivery_targets import read_targets
from flows.scan import WeeklyParams, run_weekly_scan
from flows.workspace import Workspace
from horizon.errors import ParseError, RenderError, UsageError
from reports.build import build_brief
from reports.render_json import render_json
from scrapers.replay.server import ReplayServer
from scrapers.replay.simulated import SimulatedWorld
from tests.flows.conftest import OpenWorkspace, tuesday_after
from tests.flows.doubles import MailServer, Robot
from tests.flows.office import HOOK, WEEK, Office, hook, mail, message, statuses
from tests.reports.sample import sample_inputs

# ---- what is sent ----------------------------------------------------------------------------------------------------


def test_nothing_is_sent_unless_configured(office: Office) -> None:
    work = Workspace(office.work.settings.model_copy(update={"delivery_file": None}))
    with pytest.raises(UsageError, match="HORIZON_DELIVERY_FILE"):
        deliver_week(work, WEEK, Outside({}))


def test_the_mail_has_html_text_and_the_pdf(office: Office, post: MailServer) -> None:
    done = office.deliver(mail(post, attach=["pdf", "json"], language="zh", link="https://intranet.example/{week}"))
    assert statuses(done) == [("chair@example.org", "sent"), ("deputy@example.org", "sent")]
    [(to, data)] = post.taken
    assert to == ("chair@example.org", "deputy@example.org")
    found = message(data)
    assert found["Subject"] == "前沿技术周报 2026 年第 46 周"
    plain, html = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert html is not None
    for body in (plain.get_content(), html.get_content()):
        assert "要点" in body
        assert "https://intranet.example/2026-W46" in body
    assert [part.get_filename() for part in found.iter_attachments()] == [
        "horizon-2026-W46.zh.pdf",
        "horizon-2026-W46.json",
    ]
    pdf, written = (part.get_content() for part in found.iter_attachments())
    assert pdf.startswith(b"%PDF")
    assert written == (office.work.briefs / str(WEEK) / "brief.json").read_bytes()


def test_a_robot_is_told_the_bottom_line(office: Office, robot: Robot) -> None:
    office.environ[HOOK] = robot.url
    assert statuses(office.deliver(hook())) == [(HOOK, "sent")]
    [(path, body)] = robot.told
    assert path == "/robot/send?key=s3cret-key"
    assert body["msgtype"] == "markdown"
    assert "第 46 周" in body["markdown"]["content"]
    assert len(body["markdown"]["content"].encode()) <= 4096


@pytest.mark.parametrize("name", ["wecom", "dingtalk", "feishu", "generic"])
def test_every_template_is_filled(office: Office, robot: Robot, name: str) -> None:
    office.environ[HOOK] = robot.url
    assert office.deliver(hook(template=name, language="en"))[0].status == "sent"
    text = json.dumps(robot.told[0][1], ensure_ascii=False)
    assert "week 46 of 2026" in text
    assert not [slot for slot in ("{title}", "{text}", "{paragraphs}") if slot in text]


def test_a_folder_gets_the_files_and_the_facts_last(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def spy(path: Path, data: bytes) -> Path:
        written.append(path.name)
        path.write_bytes(data)
        return path

    monkeypatch.setattr("reports.write.replace_file", spy)
    share = tmp_path / "share"
    done = office.deliver({"id": "share", "kind": "folder", "folder": str(share), "formats": ["json", "md"]})
    assert statuses(done) == [(str(share), "sent")]
    assert written == ["brief.en.md", "brief.zh.md", "brief.json"]
    here = office.work.briefs / str(WEEK) / "brief.json"
    assert (share / "2026-W46" / "brief.json").read_bytes() == here.read_bytes()


def test_a_dry_run_writes_what_would_be_sent_and_sends_nothing(
    office: Office, post: MailServer, robot: Robot, tmp_path: Path
) -> None:
    office.environ[HOOK] = robot.url
    folder = tmp_path / "dry"
    share = {"id": "share", "kind": "folder", "folder": str(tmp_path / "share"), "formats": ["json", "md"]}
    done = office.deliver(mail(post), hook(), share, dry_run=folder)
    assert {each.status for each in done} == {"written"}
    assert (post.sessions, robot.told, (tmp_path / "share").exists(), office.log.exists()) == (0, [], False, False)
    first = (folder / "committee.eml").read_bytes()
    assert message(first)["To"] == "chair@example.org, deputy@example.org"
    assert "key=" not in (folder / "office.json").read_text(encoding="utf-8")
    assert (folder / "share" / "2026-W46" / "brief.zh.md").is_file()
    office.deliver(mail(post), hook(), share, dry_run=folder)
    assert (folder / "committee.eml").read_bytes() == first


# ---- once ------------------------------------------------------------------------------------------------------------


def test_a_second_run_sends_nothing(office: Office, post: MailServer, robot: Robot) -> None:
    office.environ[HOOK] = robot.url
    office.deliver(mail(post), hook())
    done = office.deliver(mail(post), hook())
    assert {each.status for each in done} == {"already"}
    assert (len(post.taken), len(robot.told)) == (1, 1)
    assert len(read_log(office.log)) == 3


def test_who_is_new_gets_it_and_who_has_it_does_not(office: Office, post: MailServer) -> None:
    office.deliver(mail(post))
    done = office.deliver(mail(post, to=["chair@example.org", "new@example.org"]))
    assert statuses(done) == [("chair@example.org", "already"), ("new@example.org", "sent")]
    assert post.taken[1][0] == ("new@example.org",)


def test_another_brief_of_the_week_is_sent(office: Office, post: MailServer) -> None:
    office.deliver(mail(post))
    other = build_brief(sample_inputs(world="live", labelled=()))
    (office.work.briefs / str(WEEK) / "brief.json").write_bytes(render_json(other))
    office.deliver(mail(post))
    assert len(post.taken) == 2
    ids = {message(data)["Message-ID"] for _, data in post.taken}
    assert len(ids) == 2


def test_again_sends_again_under_the_same_id(office: Office, post: MailServer) -> None:
    office.deliver(mail(post))
    office.deliver(mail(post), again=True)
    assert len({message(data)["Message-ID"] for _, data in post.taken}) == 1
    assert len(post.taken) == 2


def test_a_log_line_torn_by_a_kill_counts_as_not_written(office: Office, post: MailServer) -> None:
    office.deliver(mail(post, to=["chair@example.org"]))
    whole = office.log.read_bytes()
    office.log.write_bytes(whole[: len(whole) // 2])
    assert statuses(office.deliver(mail(post, to=["chair@example.org"]))) == [("chair@example.org", "sent")]
    assert office.log.read_bytes() == whole


def test_a_log_of_something_else_is_a_clear_error(office: Office, post: MailServer) -> None:
    office.log.write_text("hello\n", encoding="utf-8")
    with pytest.raises(ParseError, match="put back a copy"):
        office.deliver(mail(post))
    assert post.taken == []


# ---- again, and failing ----------------------------------------------------------------------------------------------


def test_a_busy_server_is_asked_again_after_longer_and_longer_waits(office: Office, post: MailServer) -> None:
    post.refuse["MAIL"] = [b"451 busy", b"452 still busy"]
    done = office.deliver(mail(post, to=["chair@example.org"]))
    assert [(each.status, each.attempts) for each in done] == [("sent", 3)]
    assert office.slept == [5, 30]


def test_a_server_that_says_no_is_not_asked_again_and_the_others_get_theirs(
    office: Office, post: MailServer, robot: Robot
) -> None:
    office.environ[HOOK] = robot.url
    post.refuse["MAIL"] = [b"550 never"]
    done = office.deliver(mail(post, to=["chair@example.org"]), hook())
    assert [each.status for each in done] == ["failed", "sent"]
    assert "550 never" in (done[0].reason or "")
    assert office.slept == []
    assert [each.status for each in office.deliver(mail(post, to=["chair@example.org"]), hook())] == ["sent", "already"]


def test_of_two_receivers_the_refused_one_alone_is_tried_again(office: Office, post: MailServer) -> None:
    post.refuse["deputy@example.org"] = [b"450 mailbox busy"]
    done = office.deliver(mail(post))
    assert statuses(done) == [("chair@example.org", "sent"), ("deputy@example.org", "sent")]
    assert [to for to, _ in post.taken] == [("chair@example.org",), ("deputy@example.org",)]


def test_no_server_is_a_failure_after_all_attempts(office: Office, post: MailServer) -> None:
    nobody = mail(post, port=1, to=["chair@example.org"], retry_delays_s=[1.0])
    [done] = office.deliver(nobody)
    assert (done.status, done.attempts, office.slept) == ("failed", 2, [1.0])
    assert "127.0.0.1:1" in (done.reason or "")
    assert [each.status for each in read_log(office.log)] == ["failed"]


def test_a_robot_that_refuses_with_http_200_has_refused(office: Office, robot: Robot) -> None:
    office.environ[HOOK] = robot.url
    robot.says = [(200, {"errcode": 93000, "errmsg": "invalid webhook url, hint: s3cret-key"})]
    [done] = office.deliver(hook())
    assert done.status == "failed"
    assert "93000" in (done.reason or "")


def test_a_robot_in_trouble_is_asked_again_and_no_redirect_is_followed(office: Office, robot: Robot) -> None:
    office.environ[HOOK] = robot.url
    robot.says = [(503, {}), (302, {}), (200, {"errcode": 0})]
    [done] = office.deliver(hook())
    assert (done.status, done.attempts) == ("failed", 2)
    assert "HTTP 302" in (done.reason or "")
    assert [path for path, _ in robot.told] == ["/robot/send?key=s3cret-key"] * 2


def test_a_folder_that_cannot_be_written_is_tried_again_and_told(office: Office, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    [done] = office.deliver({"id": "share", "kind": "folder", "folder": str(tmp_path / "taken"), "formats": ["md"]})
    assert (done.status, done.attempts) == ("failed", 4)
    assert "make room" in (done.reason or "")


# ---- safety


def test_an_invented_brief_goes_only_where_it_is_asked_for(office: Office, post: MailServer) -> None:
    path = office.work.briefs / str(WEEK) / "brief.json"
    path.write_bytes(render_json(build_brief(sample_inputs(world="simulated"))))
    assert {each.status for each in office.deliver(mail(post))} == {"skipped"}
    assert post.taken == []
    assert {each.status for each in office.deliver(mail(post, worlds=["simulated"]))} == {"sent"}
    assert message(post.taken[0][1])["Subject"].startswith("[模拟数据]")


# ---- the file of targets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "told"),
    [
        ([], "targets"),
        ([{"id": "a", "kind": "pigeon"}], "kind"),
        ([{"id": "a", "kind": "folder", "folder": "x"}] * 2, "each id once"),
        ([{"id": "a", "kind": "mail", "host": "h", "sender": "s", "to": ["no address"]}], "name@example.org"),
        ([{"id": "a", "kind": "folder", "folder": "x", "password": "hush-hush"}], "password"),
        ([{"id": "a", "kind": "webhook", "template": "wecom", "url_env": "https://x?key=hush-hush"}], "url_env"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_without_its_values(tmp_path: Path, targets: Any, told: str) -> None:
    file = tmp_path / "delivery.yml"
    file.write_text(yaml.safe_dump({"targets": targets}), encoding="utf-8")
    with pytest.raises(UsageError, match=told) as error:
        read_targets(file)
    assert "hush-hush" not in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="HORIZON_DELIVERY_FILE"):
        read_targets(tmp_path / "none.yml")


def test_a_week_without_a_brief_is_told(office: Office, post: MailServer) -> None:
    (office.work.briefs / str(WEEK) / "brief.json").unlink()
    with pytest.raises(UsageError, match="horizon brief --week 2026-W46"):
        office.deliver(mail(post))


def test_a_brief_is_recomputed_from_the_store_before_anybody_gets_it(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld, tmp_path: Path
) -> None:
    file = tmp_path / "delivery.yml"
    share = {"id": "share", "kind": "folder", "folder": str(tmp_path / "share"), "formats": ["json", "md"]}
    file.write_text(yaml.safe_dump({"targets": [{**share, "worlds": ["simulated"]}]}), encoding="utf-8")
    work = open_workspace(delivery_file=file)
    server.set_clock(tuesday_after(world.last_week))
    params = WeeklyParams(week=world.last_week, sources=("arxiv",), formats=("json",))
    run_weekly_scan(work, params, tuesday_after(world.last_week))
    [done] = deliver_week(work, world.last_week, Outside({}))
    assert done.status == "sent"
    path = work.briefs / str(world.last_week) / "brief.json"
    brief = json.loads(path.read_text(encoding="utf-8"))
    brief["areas"][0]["n_week"]["value"] += 1
    path.write_text(json.dumps(brief), encoding="utf-8")
    with pytest.raises(RenderError, match="mismatches"):
        deliver_week(work, world.last_week, Outside({}))
