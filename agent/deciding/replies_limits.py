"""What is said where the shop keeps to limits and rules that this device did not know, and where an order is too
long to be read out."""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = {
    "too_long": "That is too long to read out, so I have ordered nothing. Order less at a time.",
    "shop_device_limit": "The shop does not take as much as that from this device, so nothing is ordered: {items}. Order less, or ask the shop.",
    "shop_device_rule": "The shop's rules for this device do not allow that, so nothing is ordered: {items}. Please ask the shop.",
    "shop_device_rule_factor": "The shop asks for a PIN or badge for that, so nothing is ordered: {items}. Order it with a PIN or badge, or ask the shop.",
    "shop_device_rule_phone": "The shop asks for the approval on your phone for that, so nothing is ordered: {items}. Order it again and approve it on your phone, or ask the shop.",
    "shop_restricted": "The shop does not let everybody order that, so nothing is ordered: {items}. Order it with a PIN or badge, or ask the shop.",
}

_POLISH = {
    "too_long": "To za długie, żeby odczytać, więc nic nie jest zamówione. Zamów mniej rzeczy naraz.",
    "shop_device_limit": "Sklep nie przyjmuje aż tyle z tego urządzenia, więc nie zamówiono: {items}. Zamów mniej albo zapytaj w sklepie.",
    "shop_device_rule": "Zasady sklepu dla tego urządzenia na to nie pozwalają, więc nie zamówiono: {items}. Zapytaj w sklepie.",
    "shop_device_rule_factor": "Sklep wymaga do tego PIN-u albo karty, więc nie zamówiono: {items}. Zamów z PIN-em albo kartą, albo zapytaj w sklepie.",
    "shop_device_rule_phone": "Sklep wymaga do tego potwierdzenia na Twoim telefonie, więc nie zamówiono: {items}. Zamów jeszcze raz i potwierdź na telefonie, albo zapytaj w sklepie.",
    "shop_restricted": "Sklep nie każdemu pozwala to zamówić, więc nie zamówiono: {items}. Zamów z PIN-em albo kartą, albo zapytaj w sklepie.",
}

_KOREAN = {
    "too_long": "너무 길어 읽어 드릴 수 없어서 아무것도 주문하지 않았습니다. 한 번에 더 적게 주문해 주세요.",
    "shop_device_limit": "가게가 이 기기에서 그만큼은 받지 않아 주문되지 않았습니다: {items}. 더 적게 주문하시거나 가게에 문의해 주세요.",
    "shop_device_rule": "이 기기에 대한 가게의 규칙에 맞지 않아 주문되지 않았습니다: {items}. 가게에 문의해 주세요.",
    "shop_device_rule_factor": "가게가 PIN이나 배지를 요구하는 주문이라 주문되지 않았습니다: {items}. PIN이나 배지로 주문하시거나 가게에 문의해 주세요.",
    "shop_device_rule_phone": "가게가 휴대전화의 승인을 요구하는 주문이라 주문되지 않았습니다: {items}. 다시 주문하고 휴대전화에서 승인하시거나 가게에 문의해 주세요.",
    "shop_restricted": "가게가 누구에게나 허용하지 않는 물건이라 주문되지 않았습니다: {items}. PIN이나 배지로 주문하시거나 가게에 문의해 주세요.",
}

LIMITS: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH, "ko": _KOREAN}
