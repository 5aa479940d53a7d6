"""What has become of the repository in the workspace, told without trusting it."""
