"""Steps that the controller takes by itself: what is measured for them, and promotions, in threads beside the loop."""
