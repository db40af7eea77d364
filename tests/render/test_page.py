"""The HTML report in a browser (chromium and chromedriver; skipped where they are not installed)."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from gradcheck.render import charts
from gradcheck.render.html import run_html
from gradcheck.store.record import check_record
from tests.render.hostile import WORSE, hostile
from tests.render.pictures import drawn_once
from tests.render.samples import convolution, leaf, one_wrong_entry, passing, raising, result, run

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
in_browser = pytest.mark.skipif(not (BROWSER and DRIVER), reason="chromium and chromedriver are not installed")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
STEPS = [2.0**-k for k in range(1, 46, 2)]
CURVE = tuple((h, h**2 + 1e-16 / h) for h in STEPS)


def sample() -> dict[str, Any]:
    wide = result("Wide", leaf("a" * 200, (300, 200), wrong={(7, 9): 2.0}, curve=CURVE))
    wrong = {"conv": convolution(), "dense": one_wrong_entry(), "raises": raising(), "wide": wide}
    checks = [check_record(made, target=f"{name}.py:{name}") for name, made in wrong.items()]
    return run(*checks, *(check_record(passing(k), target="fc.py:FC") for k in range(5)), notes=["a note"])


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = Options()
    options.binary_location = str(BROWSER)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


def opened(browser: webdriver.Chrome, folder: Path, record: dict[str, Any], fragment: str = "") -> None:
    file = folder / "report.html"
    file.write_text(run_html(record), encoding="utf-8")
    browser.get("about:blank")
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    browser.get_log("performance")  # type: ignore[no-untyped-call]
    browser.get(f"{file.as_uri()}{fragment}")


def shown(browser: webdriver.Chrome) -> list[str]:
    checks = browser.find_elements(By.CSS_SELECTOR, "details.check")
    return [str(check.get_attribute("data-outcome")) for check in checks if check.is_displayed()]


@in_browser
@pytest.mark.parametrize("record", [sample(), hostile(*WORSE)], ids=["sample", "hostile"])
def test_no_error_no_request_no_alert(browser: webdriver.Chrome, tmp_path: Path, record: dict[str, Any]) -> None:
    opened(browser, tmp_path, record)
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    sent = [str(entry["message"]) for entry in browser.get_log("performance")]  # type: ignore[no-untyped-call]
    assert not [message for message in sent if "Network.requestWillBeSent" in message and '"url":"http' in message]
    broken = "return [...document.images].filter(i => !(i.complete && i.naturalWidth)).length"
    assert browser.execute_script(broken) == 0


@in_browser
@pytest.mark.parametrize("width", [400, 1400])
def test_nothing_sticks_out(browser: webdriver.Chrome, tmp_path: Path, width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    opened(browser, tmp_path, sample())
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    beyond = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script("return innerWidth") == width
    assert browser.execute_script(beyond) == 0


@in_browser
def test_the_filter_by_keyboard(browser: webdriver.Chrome, tmp_path: Path) -> None:
    opened(browser, tmp_path, sample())
    assert sorted(shown(browser)) == ["error", "fail", "fail", "fail"]
    browser.find_element(By.CSS_SELECTOR, "input[value=failures]").send_keys(Keys.ARROW_LEFT)
    assert len(shown(browser)) == 9
    assert browser.find_element(By.ID, "shown").text == "9 of 9 checks shown"
    browser.find_element(By.CSS_SELECTOR, "input[type=search]").send_keys("convlayer")
    assert shown(browser) == ["fail"]


@in_browser
def test_a_deep_link_to_a_hidden_check_opens_it(browser: webdriver.Chrome, tmp_path: Path) -> None:
    opened(browser, tmp_path, sample())
    check = browser.find_element(By.CSS_SELECTOR, "details.check[data-outcome=pass]")
    assert not check.is_displayed()
    opened(browser, tmp_path, sample(), f"#{check.get_attribute('id')}")
    again = browser.find_element(By.CSS_SELECTOR, "details.check:target")
    assert again.is_displayed()
    assert again.get_attribute("open") is not None


@in_browser
def test_it_can_be_read_without_seeing_it(browser: webdriver.Chrome, tmp_path: Path) -> None:
    opened(browser, tmp_path, sample())
    alts = [str(image.get_attribute("alt")) for image in browser.find_elements(By.TAG_NAME, "img")]
    assert alts
    assert all("Heat map, " in alt or "Error against step" in alt for alt in alts)
    unnamed = "return [...document.querySelectorAll('section')].filter(s => !s.getAttribute('aria-labelledby')).length"
    assert browser.execute_script(unnamed) == 0
    labelled = "return [...document.querySelectorAll('[aria-labelledby]')].every(e => document.getElementById(e.getAttribute('aria-labelledby')))"  # noqa: E501
    assert browser.execute_script(labelled) is True


def test_the_page_says_formula_plateau_and_cause() -> None:
    page = run_html(sample())
    assert "<mfrac><mrow><mtext>layer_depth</mtext></mrow><mrow><mtext>input_depth</mtext></mrow></mfrac>" in page
    assert "a wrong gradient, not a wrong step" in page
    assert 'id="cause-constant-factor"' in page


def test_regions_of_the_curve() -> None:
    found = charts.regions(CURVE, 1e-3)
    assert found["rounding"][0] == min(STEPS)
    assert found["truncation"][1] == max(STEPS)
    assert found["rounding"][1] == found["truncation"][0]
    assert all(h**2 + 1e-16 / h < 1e-3 for h in found["plateau"])
    assert "plateau" not in charts.regions(CURVE, 1e-15)
    assert charts.regions(CURVE[:2], 1.0) == {}


def test_last_places_of_a_straight_line_are_neither_truncation_nor_rounding() -> None:
    """As of the article's bias: forward is linear in it, and powers of two divide without a remainder."""
    straight = [(h, 0.0 if h < 1e-3 else 3.6e-15) for h in STEPS]
    assert set(charts.regions(straight, 3.6, 10.8 * 2.0**-48)) == {"plateau"}
    page = run_html(run(check_record(result("x", leaf("w", (2,), wrong={(0,): 2.0}, curve=straight)), target="a.py:A")))
    assert "Every step gives what was measured: forward is a straight line here." in page
    assert "Large steps: truncation" not in page


def test_wrong_entries_are_marked() -> None:
    cells, none = [[1.0, 2.0], [3.0, -4.0]], [[0, 0], [0, 0]]
    marked, plain = (charts.heat_map(cells, 4.0, wrong, (2, 2)) for wrong in ([[0, 1], [0, 0]], none))
    assert marked != plain
    assert charts.heat_map(cells, 4.0, [[0, 0], [1, 0]], (2, 2)) != marked


@pytest.mark.parametrize("shape", [(), (1,), (0,), (5,), (2, 3, 4), (1000, 1), (1, 1000)], ids=str)
def test_every_shape_is_drawn(shape: tuple[int, ...]) -> None:
    wrong = {tuple(0 for _ in shape): 2.0} if 0 not in shape else {}
    made = leaf("w", shape, wrong=wrong, verdict=leaf("w", (1,), wrong={(0,): 2.0}).verdict)
    assert "w" in run_html(run(check_record(result("x", made), target="a.py:A")))


def test_a_million_entries_make_less_than_a_megabyte() -> None:
    values = np.random.default_rng(0).normal(size=(1000, 1000))
    made = leaf("w", (1000, 1000), wrong={(k, (7 * k) % 1000): 2.0 for k in range(1000)}, analytic=values, curve=CURVE)
    page = run_html(run(check_record(result("Large", made), target="large.py:Large")))
    assert len(page.encode()) < 1_000_000


@pytest.mark.exhaustive
def test_two_hundred_failing_checks_make_less_than_ten_megabytes() -> None:
    noise = np.random.default_rng(0).normal(size=(64, 64))
    made = leaf("w", (64, 64), wrong={(k, k): 2.0 for k in range(64)}, analytic=noise, curve=CURVE, distance=CURVE)
    record = check_record(result("Many", made), target="many.py:Many")
    with drawn_once():
        page = run_html(run(*[record] * 200))
    assert len(page.encode()) < 10_000_000
    assert 400 <= page.count("data:image/svg+xml,") < 800
    assert "Not drawn: the page holds pictures enough." in page
