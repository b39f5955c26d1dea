"""pytest, with the fixture of the wheel: nothing to import, nothing to start."""

import pytest
from site_under_test import site


@pytest.fixture
def client(weixin_emulator):
    weixin = weixin_emulator
    return site(weixin.open_url, weixin.api_url, weixin.appid, weixin.secret).test_client()


def log_in(client, weixin_emulator):
    return client.get(weixin_emulator.code(client.get("/login").location))


def test_a_person_logs_in(client, weixin_emulator):
    assert log_in(client, weixin_emulator).text == "陈锴"


def test_another_person_logs_in(client, weixin_emulator):
    weixin_emulator.set_phone(person="lin-xiaoman")
    assert log_in(client, weixin_emulator).text == "林小满 🌿"


def test_a_code_that_weixin_refuses_is_told(client, weixin_emulator):
    weixin_emulator.fault("access_token", {"errcode": 40029}, times=1)
    answer = log_in(client, weixin_emulator)
    assert (answer.status_code, answer.text) == (502, "WeChat says 40029")


def test_each_test_begins_anew(client, weixin_emulator):
    assert log_in(client, weixin_emulator).text == "陈锴"
