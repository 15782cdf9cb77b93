"""Small texts of our own."""

SONG = """The harbour lights are burning low tonight
I hold your letter to the candle light
The winter wind is singing in the rain
And I am waiting for the morning train

Oh carry me home, carry me home
Oh carry me home, carry me home

The station clock is hanging on the wall
I never loved a stranger, not at all
The silver rails are running to the sea
And every mile is bringing you to me

Oh carry me home, carry me home
Oh carry me home, carry me home
"""

SONG_RU = """Над рекою тихий свет
Никого со мною нет
За окном шумит вода
Не вернусь я никогда

Мы идём в ночную тень
Скоро будет новый день
Кончен долгий разговор
Тихо дремлет старый двор
"""

CLASSES = {
    "sea": (
        "The ship left the harbour and the sailors set the sails for the open sea",
        "A storm at sea broke the mast of the old ship and the captain lost his crew",
        "Sailors sing of waves and wind while the captain steers the ship to the harbour",
        "The waves carried the boat past the lighthouse and the sailor rowed to the harbour",
    ),
    "kitchen": (
        "Bake the bread in a hot oven and let the dough rest before you slice it",
        "She stirred the soup with onion and garlic and baked fresh bread in the oven",
        "Chop the onion, fry the garlic in butter and add it to the soup with pepper",
        "Knead flour and butter into dough, then bake the cake in the oven with sugar",
    ),
    "football": (
        "The striker scored a goal in the final minute and the team won the match",
        "The goalkeeper saved a penalty and the coach praised the team after the match",
        "Fans cheered as the team scored twice and the referee ended the football match",
        "The coach changed the striker and the new player scored the winning goal",
    ),
    "дождь": (
        "Дождь стучит по крыше, и осенний ветер гонит тучи над городом",
        "Осенью холодный дождь шумит, а ветер срывает листья с деревьев",
        "Тучи закрыли небо, пошёл дождь, и ветер качает мокрые деревья",
        "Мокрый город под дождём, серые тучи и холодный осенний ветер",
    ),
}
