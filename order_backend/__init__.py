"""Reference shop: consumes signed intents over MQTT, checks them, places orders, answers with signed
receipts."""
