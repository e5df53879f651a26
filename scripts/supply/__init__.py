"""What the project is made of: locked packages, their licences and advisories, the packages of an image."""
