"""What a project is: frozen objects, their rules, and reading them from project.yaml."""
