"""Readings of ГИС ЖКХ: written as the public schemes of the service ask, read back, and hostile XML refused."""

import re
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from abonent.packs.ru.formats import gis_readings
from abonent.packs.ru.formats.gis_readings import BadXml, GisReading

HOUSE, OTHER_HOUSE = "0a000000-0000-4000-8000-000000000001", "0a000000-0000-4000-8000-000000000002"
METER = "0b000000-0000-4000-8000-%012d"
DEVICE = "{http://dom.gosuslugi.ru/schema/integration/device-metering/}"
BASE = "{http://dom.gosuslugi.ru/schema/integration/base/}"
VALUES = "{http://dom.gosuslugi.ru/schema/integration/metering-device-base/}"


def reading(number: int = 1, **others: object) -> GisReading:
    values = {
        "house": HOUSE,
        "meter": METER % number,
        "taken_on": date(2026, 10, 20),
        "values": ("12345.678",),
    }
    return GisReading(**{**values, **others})  # type: ignore[arg-type]


def written(*readings: GisReading) -> list[etree._Element]:
    return [etree.fromstring(request) for request in gis_readings.write(readings)]


def test_a_request_has_the_elements_of_the_scheme_in_their_order() -> None:
    (request,) = written(reading(values=("1.5", "2", "3.1234567"), transport=METER % 9))
    assert request.tag == DEVICE + "importMeteringDeviceValuesRequest"
    assert request.get(BASE + "version") == "10.0.1.1"
    assert [child.tag for child in request] == [DEVICE + "FIASHouseGuid", DEVICE + "MeteringDevicesValues"]
    meter = request[1]
    assert [child.tag for child in meter] == [
        DEVICE + "MeteringDeviceRootGUID",
        DEVICE + "ElectricDeviceValue",
    ]
    (value,) = meter[1]
    assert value.tag == DEVICE + "CurrentValue"
    assert [(child.tag, child.text) for child in value] == [
        (VALUES + "MeteringValueT1", "1.5000000"),
        (VALUES + "MeteringValueT2", "2.0000000"),
        (VALUES + "MeteringValueT3", "3.1234567"),
        (DEVICE + "DateValue", "2026-10-20"),
        (BASE + "TransportGUID", METER % 9),
    ]


def test_values_and_identifiers_have_the_patterns_of_the_scheme() -> None:
    requests = written(*(reading(number, values=(str(number),)) for number in range(1, 30)))
    guids = [one.text for request in requests for one in request.iter(BASE + "TransportGUID")]
    assert all(UUID(guid) for guid in guids)
    assert len(set(guids)) == 29, "the key of a request"
    figures = [one.text for request in requests for one in request.iter(VALUES + "MeteringValueT1")]
    assert all(re.fullmatch(r"\d+\.\d{7}", figure) for figure in figures)


def test_control_readings_follow_current_ones() -> None:
    control = reading(control=True, taken_on=date(2026, 10, 5))
    (request,) = written(control, reading())
    assert [value.tag.rpartition("}")[2] for value in request[1][1]] == ["CurrentValue", "ControlValue"]


def test_a_request_holds_one_house_and_at_most_a_thousand_meters() -> None:
    readings = [reading(number) for number in range(1001)] + [reading(5000, house=OTHER_HOUSE)]
    requests = written(*readings)
    assert [(request[0].text, len(request) - 1) for request in requests] == [
        (HOUSE, 1000),
        (HOUSE, 1),
        (OTHER_HOUSE, 1),
    ]


@pytest.mark.parametrize(
    "wrong", [{"house": "дом"}, {"meter": "1"}, {"values": ("1,5",)}, {"values": ("1" * 16,)}]
)
def test_what_does_not_fit_the_scheme_is_not_written(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"UUID|not a reading"):
        written(reading(**wrong))


FIGURES = st.integers(0, 10**15 - 1).map(str)


@given(
    st.lists(
        st.builds(
            reading,
            st.integers(1, 50),
            values=st.lists(FIGURES, min_size=1, max_size=3).map(tuple),
            control=st.booleans(),
            house=st.sampled_from([HOUSE, OTHER_HOUSE]),
        ),
        min_size=1,
        max_size=10,
        unique_by=lambda one: (one.house, one.meter, one.control),
    )
)
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_back(readings: list[GisReading]) -> None:
    back = [one for request in gis_readings.write(readings) for one in gis_readings.read(request)]

    def told(one: GisReading) -> tuple:
        values = [float(value) for value in one.values if value]
        return one.house, one.meter, one.control, str(one.taken_on), values

    assert sorted(map(told, back)) == sorted(map(told, readings))


ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<n:importMeteringDeviceValuesRequest xmlns:n="http://dom.gosuslugi.ru/schema/integration/device-metering/"
    xmlns:b="http://dom.gosuslugi.ru/schema/integration/base/" b:version="13.1.3.1" Id="x">
 <n:FIASHouseGuid>0a000000-0000-4000-8000-000000000001</n:FIASHouseGuid>
 <n:MeteringDevicesValues>
  <n:MeteringDeviceVersionGUID>0b000000-0000-4000-8000-000000000001</n:MeteringDeviceVersionGUID>
  <n:ElectricDeviceValue><n:CurrentValue>
   <m:MeteringValueT1 xmlns:m="urn:another-release"> 100.5000000 </m:MeteringValueT1>
   <m:MeteringValueT2 xmlns:m="urn:another-release">7.0000000</m:MeteringValueT2>
   <n:DateValue>2026-10-20T00:00:00+03:00</n:DateValue><b:TransportGUID>t</b:TransportGUID>
  </n:CurrentValue></n:ElectricDeviceValue>
 </n:MeteringDevicesValues>
 <n:MeteringDevicesValues>
  <n:MeteringDeviceRootGUID>0b000000-0000-4000-8000-000000000002</n:MeteringDeviceRootGUID>
  <n:OneRateDeviceValue><n:CurrentValue/></n:OneRateDeviceValue>
 </n:MeteringDevicesValues>
</n:importMeteringDeviceValuesRequest></s:Body></s:Envelope>"""


def test_requests_of_other_releases_are_read_by_their_local_names() -> None:
    (found,) = gis_readings.read(ENVELOPE.encode())
    assert (found.meter, found.of_version, found.taken_on) == (METER % 1, True, "2026-10-20")
    assert found.values == ("100.5000000", "7.0000000", "")
    assert gis_readings.table([found])[1] == [
        METER % 1,
        "Текущее",
        "2026-10-20",
        "100.5000000",
        "7.0000000",
        "",
    ]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {b} "{("&" + a + ";") * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<a>", "damaged"),
        (b"", "damaged"),
        (b"<a/>", "not_readings"),
        (ENVELOPE[:-40].encode(), "damaged"),
        ((BOMB + "]><x>&i;</x>").encode(), "damaged"),
        (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', "damaged"),
    ],
)
def test_what_is_no_request_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(BadXml) as caught:
        gis_readings.read(content)
    assert caught.value.code == code


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=5), st.integers(0, 1200))
@settings(max_examples=100, deadline=None)
def test_any_spoilt_request_is_read_or_refused(places: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(ENVELOPE.encode())
    for place, value in places:
        content[place % len(content)] = value
    try:
        found = gis_readings.read(bytes(content[: len(content) - cut]))
    except BadXml:
        return
    assert found


def test_only_xml_is_taken_for_xml(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(ENVELOPE.encode("utf-8-sig"))
    assert gis_readings.is_xml(path, name="Показания.XML")
    assert not gis_readings.is_xml(path, name="Показания.csv")
    path.write_bytes(b"a;b")
    assert not gis_readings.is_xml(path, name="Показания.xml")
