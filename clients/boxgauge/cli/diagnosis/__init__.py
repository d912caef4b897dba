"""What `doctor` looks at in a service's surroundings, a module for each."""
