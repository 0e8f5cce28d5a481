"""The pages as text: what they say of every state, and that nobody can make them say something else."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from falcon.testing import Result, TestClient

from iter8_gitops.errors import UnavailableError
from iter8_gitops.serving.http.app import create_app
from iter8_gitops.serving.scrape import Scrape
from iter8_gitops.spec.history import HistoryEntry
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.snapshot import Snapshot
from iter8_gitops.spec.steering import PromotionPhase, PromotionState
from tests.serving.boards import make_snapshot, make_state
from tests.serving.conftest import bench
from tests.serving.in_process import Bench
from tests.web.story import METRICS, routemap, version

__all__ = ["bench"]

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Reader:
    """A browser that reads nothing but text."""

    def __init__(self, bench: Bench) -> None:
        scrape = Scrape(bench.telemetry, bench.experiments.board_status, None)
        app = create_app(bench.experiments, bench.telemetry, scrape, bench.webhooks, bench.load_tests)
        self._client = TestClient(app)

    def get(self, path: str, **headers: str) -> Result:
        return self._client.simulate_get(path, headers=BROWSER | headers)

    def read(self, path: str, status: int = 200) -> str:
        """The text of a page, without its tags."""
        answer = self.get(path)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


@pytest.fixture
def reader(bench: Bench) -> Reader:
    return Reader(bench)


def show(bench: Bench, *states: Any, **more: Any) -> None:
    bench.board.snapshot = make_snapshot(*states, **more)


def test_the_list_names_applications_their_state_weights_and_problems(reader: Reader) -> None:
    page = reader.read("/")

    assert "prod/ backend" in page
    assert "v0 90% v1 10%" in page
    assert "1 problem to fix" in page
    assert "broken.yaml:3:5" in page
    assert "unknown key 'wieght' (did you mean 'weight'?)" in page


def test_the_list_can_be_searched_narrowed_and_paged(bench: Bench, reader: Reader) -> None:
    show(bench, *(make_state(f"shop/app-{number:03}", (1,), ("aaaa",)) for number in range(120)))

    assert "Page 1 of 3" in reader.read("/")
    assert "app-119" in reader.read("/?page=3")
    assert "Page 3 of 3" in reader.read("/?page=99")
    found = reader.read("/?q=APP-01")
    assert "app-010" in found
    assert "app-020" not in found
    assert "Nothing needs attention" in reader.read("/?show=attention")
    assert "No application is like that" in reader.read("/?q=nobody")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/?page=x", "page"),
        ("/?page=-1", "page"),
        ("/?show=everything", "it can be all, experiments, attention"),
        ("/applications/prod/backend?before=x", "before"),
    ],
)
def test_a_wrong_address_is_a_page_that_says_what_is_wrong(reader: Reader, path: str, said: str) -> None:
    page = reader.read(path, 400)

    assert said in page
    assert "Show all applications" in page


def test_an_unknown_application_is_a_page_that_leads_back(reader: Reader) -> None:
    assert "nobody" in reader.read("/applications/shop/nobody", 404)
    answer = reader.get("/applications/shop/nobody")
    assert 'href="../../"' in answer.text
    assert "../../static/iter8.css" in answer.text


def test_a_browser_gets_a_page_where_there_is_nothing_and_a_program_gets_json(reader: Reader) -> None:
    assert "there is nothing at '/somewhere'" in reader.read("/somewhere", 404)
    assert reader.get("/somewhere", Accept="*/*").json["title"] == "Not Found"


def test_before_the_first_snapshot_the_page_says_what_it_waits_for(bench: Bench, reader: Reader) -> None:
    bench.board.snapshot = Snapshot()

    assert "Nothing to show yet" in reader.read("/", 503)
    assert "nothing has been published yet" in reader.read("/", 503)
    assert "nothing has been published yet" in reader.read("/applications/prod/backend", 503)


def test_a_board_without_applications_says_how_to_begin(bench: Bench, reader: Reader) -> None:
    show(bench)

    assert "No applications yet" in reader.read("/")
    assert "kind: Routemap" in reader.read("/")


def test_a_stale_board_says_so_on_every_page(bench: Bench, reader: Reader) -> None:
    bench.now += 3600

    assert "This may be out of date." in reader.read("/")
    assert "This may be out of date." in reader.read("/applications/prod/backend")


def test_measurements_that_cannot_be_read_cost_only_their_part(bench: Bench, reader: Reader) -> None:
    bench.store.close()

    page = reader.read("/applications/prod/backend")

    assert "The measurements cannot be read now" in page
    assert "Users get their versions all the same." in page
    assert "v0 primary" in page
    assert "Not read yet" in reader.read("/")


def test_a_history_that_cannot_be_read_costs_only_its_part(
    bench: Bench, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise UnavailableError("the board is locked")

    monkeypatch.setattr(bench.history, "entries", fail)

    assert "It cannot be read now. the board is locked" in reader.read("/applications/prod/backend")


def test_the_history_goes_on_page_by_page(bench: Bench, reader: Reader) -> None:
    bench.history.told = [
        HistoryEntry(
            "prod/backend", bench.now, "WeightsChanged", f"change {number}", revision="0123abc", author="Ann <a@b>"
        )
        for number in range(30)
    ]

    newest = reader.read("/applications/prod/backend")
    assert "Weights changed change 29" in newest
    assert "0123abc by Ann" in newest
    assert "a@b" not in newest
    assert "change 9 " not in newest
    older = re.search(r'href="(\?before=\d+)#history"', reader.get("/applications/prod/backend").text)
    assert older is not None
    assert "change 9 " in reader.read(f"/applications/prod/backend{older[1]}")


def test_what_others_write_is_text_and_never_markup(bench: Bench, reader: Reader) -> None:
    evil = "<script>alert(1)</script>\"'&"
    problem = Problem(evil, 1, 1, evil, evil, "prod/backend")
    state = make_state("prod/backend")
    first = replace(state.versions[0], name=evil, message=evil, settled=False)
    show(bench, replace(state, versions=(first, state.versions[1]), problems=(problem,)), problems=(problem,))
    bench.history.told = [HistoryEntry("prod/backend", bench.now, "X", evil, revision=evil, author=evil)]

    for path in ("/", "/applications/prod/backend", "/?q=%3Cscript%3Ealert(1)", "/?show=%3Cscript%3Ealert(1)"):
        text = reader.get(path).text
        assert "<script>alert" not in text, path
        assert "&lt;script&gt;alert" in text, path


def test_a_page_that_is_as_it_was_is_not_sent_again(
    bench: Bench, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iter8_gitops.serving.http.pages.time", lambda: bench.now)
    first = reader.get("/applications/default/shop-routemap")

    assert (
        reader.get("/applications/default/shop-routemap", **{"If-None-Match": first.headers["etag"]}).status_code == 304
    )


def test_files_of_pages_may_be_kept_for_ever_because_their_address_changes(reader: Reader) -> None:
    for address in re.findall(r'(?:href|src)="(static/[^"]+)"', reader.get("/").text):
        answer = reader.get(f"/{address}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["etag"].strip('"') in address
    assert reader.get("/static/secrets.txt").status_code == 404


def test_users_and_metrics_show_up_with_numbers(bench: Bench, reader: Reader) -> None:
    show(bench, routemap("web", [version(0, "primary", 50), version(1, "candidate", 50)], bench.now - 60))
    for number in range(200):
        bench.experiments.lookup("shop/web", f"user-{number}")
    page = reader.read("/applications/shop/web")
    assert "Declare a metric in the routemap" in page
    assert "No values have been written yet." in page
    assert "As the weights say" in page


def test_a_proposed_promotion_leads_to_its_pull_request(bench: Bench, reader: Reader) -> None:
    pair = [version(0, "primary", 50), version(1, "candidate", 50)]
    promotion = PromotionState(
        1, pair[1].signature, PromotionPhase.PROPOSED, "proposed", reference="https://git.example.com/pull/7"
    )
    show(bench, routemap("web", pair, bench.now, metrics=METRICS, promotion=promotion))

    page = reader.read("/applications/shop/web")

    assert "https://git.example.com/pull/7" in page
    assert "Keep going." in page


def test_a_candidate_that_cannot_answer_yet_is_waited_for(bench: Bench, reader: Reader) -> None:
    pair = [version(0, "primary", 1), version(1, "candidate", 0, trouble=("Pulling", "image v2"))]
    show(bench, routemap("web", pair, bench.now))

    page = reader.read("/applications/shop/web")

    assert "Waiting until candidate can answer" in page
    assert "Pulling: InferenceService candidate-model: image v2" in page
    assert "10 wanted" in page
