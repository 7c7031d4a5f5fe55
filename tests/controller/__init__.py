"""One device carried out by its controller in a real Home Assistant."""
