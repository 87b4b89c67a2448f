"""The products of the shop, from data/products.csv."""
import csv
import random

with open("data/products.csv", newline="", encoding="utf-8") as file:
    PRODUCTS = list(csv.DictReader(file))


def any_product(category):
    """The number of a product of a category, or of any."""
    fitting = [one for one in PRODUCTS if category in ("all", one["category"])]
    return int(random.choice(fitting)["number"])
