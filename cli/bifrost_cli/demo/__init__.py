"""The demo: real files of a small asset and a shot, and the story that publishes, loads and checks them."""
