"""The parts of the report's page: template, style, script."""
