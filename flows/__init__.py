"""The order of the steps. Only the modules that say so import Prefect."""
