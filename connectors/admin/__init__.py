from connectors.admin import deliveries, feeds, layouts, quarantine

__all__ = ["deliveries", "feeds", "layouts", "quarantine"]
