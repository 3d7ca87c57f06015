"""What a run is made of: tasks, their order, parameters, and all that is wrong with them."""
