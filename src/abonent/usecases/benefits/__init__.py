"""Benefits and subsidies: holders, registries of compensations, what the state pays, the answer about debts."""
