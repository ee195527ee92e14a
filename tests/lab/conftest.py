"""A JupyterLab of its own for the tests, and a browser without a window that looks at it."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from course import find

LESSON = "06_gradients_add_up"
PATIENCE = 60
"""seconds to wait for what should appear"""


class Lab:
    """One opened notebook, as a person at the keyboard sees it."""

    def __init__(self, browser):
        self.browser = browser

    def wait(self, condition, what):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(Exception):
                found = condition()
                if found:
                    return found
            time.sleep(0.3)
        raise AssertionError(f"{what} did not appear")

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def command(self, menu, item):
        """Choose a menu's item."""

        def choose():
            self.browser.find_element(
                By.XPATH, f"//div[contains(@class,'lm-MenuBar-itemLabel') and text()='{menu}']"
            ).click()
            time.sleep(0.5)
            self.browser.find_element(
                By.XPATH, f"//div[contains(@class,'lm-Menu-itemLabel') and text()='{item}']"
            ).click()
            return True

        self.wait(choose, f"{menu} > {item}")

    def cell(self, text):
        """Return the code cell whose text holds this, scrolled into view."""

        def look():
            for cell in self.all(".jp-CodeCell"):
                if text in cell.find_element(By.CSS_SELECTOR, ".cm-content").text:
                    self.browser.execute_script("arguments[0].scrollIntoView()", cell)
                    return cell
            scroller = ".jp-WindowedPanel-outer"
            self.browser.execute_script(
                f"document.querySelector('{scroller}').scrollTop += 300;"
                f"const e = document.querySelector('{scroller}');"
                "if (e.scrollTop + e.clientHeight >= e.scrollHeight - 5) e.scrollTop = 0;"
            )
            return None

        return self.wait(look, f"a cell with {text!r}")

    def run(self, cell):
        """Run a cell and wait until it is done."""
        cell.find_element(By.CSS_SELECTOR, ".cm-content").click()
        ActionChains(self.browser).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(
            Keys.CONTROL
        ).perform()
        prompt = ".jp-InputArea-prompt"
        self.wait(
            lambda: cell.find_element(By.CSS_SELECTOR, prompt).text not in ("[ ]:", "[*]:", ""),
            "the cell's result",
        )
        time.sleep(1)

    def write(self, cell, source):
        """Replace a cell's text, typed by hand."""
        cell.find_element(By.CSS_SELECTOR, ".cm-content").click()
        ActionChains(self.browser).key_down(Keys.CONTROL).send_keys("a").key_up(
            Keys.CONTROL
        ).send_keys(Keys.DELETE).perform()
        # As a paste would: the editor does not indent it a second time.
        self.browser.execute_cdp_cmd("Input.insertText", {"text": source})

    def output(self, cell):
        return cell.find_element(By.CSS_SELECTOR, ".jp-OutputArea").text


def settings(home, theme):
    """Write a user's settings: a theme, and no news from the network."""
    folder = home / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    for name, content in {
        "themes": {"theme": f"JupyterLab {theme}"},
        "notification": {"fetchNews": "false", "checkForUpdates": False},
    }.items():
        (folder / f"{name}.jupyterlab-settings").write_text(json.dumps(content))


@pytest.fixture(params=["Light", "Dark"])
def lab(request, tmp_path):
    """Lesson 06, fetched as a student does, and open in JupyterLab."""
    theme = request.param
    settings(tmp_path / "config", theme)
    lessons = tmp_path / "my lessons"
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "PYTHONPATH": str(find.CLONE),
    }
    fetch = [sys.executable, "-m", "course", "start", "06", "--into", str(lessons)]
    subprocess.run(fetch, check=True, env=environment)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--IdentityProvider.token=", f"--ServerApp.root_dir={lessons}"]
    server = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1100"):
        options.add_argument(word)
    options.binary_location = shutil.which("chromium") or ""
    browser = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))
    )
    opened = Lab(browser)
    try:

        def answers():
            with socket.create_connection(("127.0.0.1", port), 1):
                return True

        opened.wait(answers, "JupyterLab")
        browser.get(f"http://127.0.0.1:{port}/lab/tree/{LESSON}/{LESSON}.ipynb")
        opened.wait(lambda: opened.all(".jp-CodeCell"), "the notebook")
        yield opened
        picture = os.environ.get("LAB_PICTURES")
        if picture:
            browser.save_screenshot(f"{picture}/lab-{theme.lower()}.png")
    finally:
        browser.quit()
        server.kill()
        server.wait()
