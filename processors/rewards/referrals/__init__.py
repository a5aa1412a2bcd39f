"""Referrals: who came by whose personal link, and what both get for it.

The friend's account decides whether the referral came about (``friend``), the referrer's whether it pays
(``referrer``); they tell each other by referral-changed, and each posts its own entry. Both are functions of what an
account knows: whenever that changes, by an event, a merge, a split or a timer, they are worked out anew and the
difference is published. So it does not matter in which order anything arrives, and what turns out to be wrong later is
taken back on both sides.
"""
