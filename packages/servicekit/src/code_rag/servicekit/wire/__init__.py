"""The formats that two services share; a format of one service only is in that service."""
