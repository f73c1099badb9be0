"""What is stored: decisions, feedback and the rule sets behind them. The only room that knows SQL."""
