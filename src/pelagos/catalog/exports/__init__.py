"""The card in the formats of others: each module of this folder makes one."""
