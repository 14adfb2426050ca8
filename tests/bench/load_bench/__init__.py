"""What tests/bench/load is made of: each module one concept."""
