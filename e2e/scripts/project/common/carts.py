from string import Template


def cart_of(product):
    with open("templates/cart.txt", encoding="utf-8") as template:
        return Template(template.read()).substitute(product=product)
