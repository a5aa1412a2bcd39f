"""What an operator does with a stack that runs, a folder or file a noun: import, costs, identity, replay, attribution
…"""
