"""The emulator's page in headless Chromium: what it shows, what its controls do, and what it does not let happen."""

from __future__ import annotations

import subprocess
import urllib.request

import pytest
from playwright.sync_api import Browser, Page, expect

from atlas_serverless import Emulator, errors

HOSTILE = "<img src=x id=evil onerror=alert(1)>"
SPEC = {"provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}}


def test_it_needs_nothing_from_elsewhere(emulator: Emulator) -> None:
    with urllib.request.urlopen(emulator.url) as reply:
        page = reply.read().decode()
        policy = reply.headers["content-security-policy"]
    assert "http://" not in page
    assert "https://" not in page
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'")


def test_an_empty_emulator_says_how_to_begin(page: Page, emulator: Emulator) -> None:
    expect(page.locator("#empty")).to_contain_text("Nothing is stored yet")
    expect(page.locator("#begin")).to_have_attribute("open", "")
    page.get_by_role("button", name="copy").nth(0).click()
    environment = str(page.evaluate("navigator.clipboard.readText()"))
    copied = subprocess.run(["sh", "-c", f"{environment}\nenv"], capture_output=True, text=True, check=True).stdout
    assert {f"{name}={value}" for name, value in emulator.environment().items()} <= set(copied.splitlines())
    page.get_by_role("button", name="copy").nth(1).click()
    lines = str(page.evaluate("navigator.clipboard.readText()"))
    done = subprocess.run(["sh", "-c", lines], capture_output=True, text=True, check=True)
    assert '"name":"orders"' in done.stdout
    expect(page.locator("#projects td.m")).to_have_text("orders")
    expect(page.locator("#empty")).to_be_hidden()


def test_hostile_names_are_text(page: Page, emulator: Emulator) -> None:
    emulator.add_instance(HOSTILE, tags={HOSTILE: HOSTILE})
    emulator.fail_next("close", name=HOSTILE)
    with emulator.client("access_token") as client, pytest.raises(errors.AtlasError):
        client.request("GET", "/api/atlas/v2/%3Cimg%20src=x%3E")
    expect(page.locator("#projects td.m")).to_have_text(HOSTILE)
    expect(page.locator("#faults")).to_contain_text(HOSTILE)
    page.locator(".request summary").first.click()
    assert page.locator("img").count() == 0


def test_a_request_is_shown_with_headers_and_bodies_and_without_secrets(page: Page, emulator: Emulator) -> None:
    with emulator.client() as client:
        client.create_flex_cluster(name="orders", **SPEC)  # type: ignore[arg-type]
    rows = page.locator(".request")
    expect(rows.filter(has_text="createGroupFlexCluster")).to_have_count(1)
    rows.filter(has_text="createGroupFlexCluster").locator("summary").click()
    detail = rows.filter(has_text="createGroupFlexCluster")
    expect(detail).to_contain_text("authorization: Bearer ******")
    expect(detail).to_contain_text('"backingProviderName": "AWS"')
    expect(detail).to_contain_text('"stateName": "CREATING"')
    rows.filter(has_text="createToken").locator("summary").click()
    expect(rows.filter(has_text="createToken")).to_contain_text('"access_token": "******"')
    text = page.locator("#requests").inner_text()
    assert emulator.client_secret not in text
    page.wait_for_timeout(1500)  # drawn again meanwhile: what is open stays open
    expect(detail).to_contain_text('"stateName": "CREATING"')


def test_lists_are_bounded_and_can_be_searched(page: Page, emulator: Emulator) -> None:
    for number in range(130):
        emulator.add_instance(f"c{number:03}", tags={"n": str(number)})
    with emulator.client("access_token") as client:
        for number in range(60):
            client.find(name=f"c{number:03}")
    expect(page.locator("#projects tr")).to_have_count(101)
    expect(page.locator("#projects")).to_contain_text("and 30 more: search")
    page.get_by_label("Search instances").fill("n=7 c007")
    expect(page.locator("#projects td.m")).to_have_count(1)
    expect(page.locator("#projects td.m")).to_have_text("c007")
    page.get_by_label("Search requests").fill("get c059")
    expect(page.locator(".request")).to_have_count(1)
    page.get_by_label("Search requests").fill("no such thing")
    expect(page.locator("#more-requests")).to_have_text("None is found.")


def test_the_controls_do_what_the_api_does(page: Page, emulator: Emulator) -> None:
    emulator.add_instance("orders")
    page.get_by_label("State of orders").select_option("REPAIRING")
    expect(page.locator("#projects .state")).to_have_text("REPAIRING")
    assert emulator.instances()[0]["state"] == "REPAIRING"
    page.get_by_role("button", name="stand still").click()
    expect(page.locator("#clock")).to_have_text("stands still")
    before = emulator.clock.now
    page.get_by_role("button", name="+1 h").click()
    expect(page.locator("#now")).to_have_text((emulator.clock.now.isoformat(" "))[:19])
    assert (emulator.clock.now - before).total_seconds() == 3600
    page.get_by_label("Calendar").select_option("2026")
    expect(page.locator("#calendar")).to_have_value("2026")
    assert emulator.control("GET", "calendar") == {"calendar": "2026"}
    page.get_by_role("button", name="delete").click()
    expect(page.locator("#projects")).to_contain_text("No instances.")
    assert emulator.instances() == []


def test_faults_are_ordered_and_cancelled(page: Page, emulator: Emulator) -> None:
    page.get_by_label("what").select_option("html")
    page.get_by_label("endpoint").select_option("flex")
    page.get_by_label("name").fill("or*")
    page.get_by_label("times").fill("2")
    page.get_by_label("after it is carried out").check()
    page.get_by_role("button", name="order").click()
    expect(page.locator("#faults")).to_contain_text("endpoint flex, name or*")
    [fault] = emulator.faults.standing()
    assert {key: fault[key] for key in ("kind", "endpoint", "name", "times", "after_store")} == {
        "kind": "html",
        "endpoint": "flex",
        "name": "or*",
        "times": 2,
        "after_store": True,
    }
    page.get_by_role("button", name="cancel").click()
    expect(page.locator("#faults tr")).to_have_count(1)
    page.get_by_label("what").select_option("delay")
    page.get_by_role("button", name="order").click()
    expect(page.get_by_role("alert")).to_have_text("A delay takes seconds.")


def test_reset_asks_first(page: Page, emulator: Emulator) -> None:
    emulator.add_instance("orders")
    expect(page.locator("#projects td.m")).to_have_text("orders")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="reset").click()
    assert len(emulator.instances()) == 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="reset").click()
    expect(page.locator("#projects")).to_contain_text("No instances.")


def test_another_origin_of_this_machine_can_do_nothing(browser: Browser, emulator: Emulator) -> None:
    with Emulator() as other, browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.goto(other.url)
        done = page.evaluate(
            """url => fetch(url + "/_emulator/tokens/expire", {method: "POST", mode: "no-cors"}).then(r => r.type)""",
            emulator.url,
        )
        assert done == "opaque"  # sent, and refused
    assert emulator.counters["tokens_revoked"] == 0
    with emulator.client("access_token") as client:
        assert client.get_project()["id"] == emulator.group_id


def test_it_fits_a_phone_in_the_dark(browser: Browser, emulator: Emulator) -> None:
    emulator.add_instance("a-rather-long-name-of-a-cluster-that-is-there")
    with browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark") as context:
        page = context.new_page()
        page.goto(emulator.url)
        page.wait_for_selector("#projects td")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 27)"


def test_it_says_when_the_emulator_has_stopped(page: Page, emulator: Emulator) -> None:
    emulator.stop()
    expect(page.locator("#away")).to_be_visible(timeout=15_000)
    page.context.close()
