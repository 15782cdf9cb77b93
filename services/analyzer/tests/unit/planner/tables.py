"""The tables questions are asked about: real ones from the data folder, synthetic ones made from fixed seeds."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parents[2] / "data"


def _csv(name: str, dates: str | None = None) -> pd.DataFrame:
    df = pd.read_csv(DATA / name)
    if dates:
        df[dates] = pd.to_datetime(df[dates])
    return df


def _sales() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n = 400
    products = {
        "Laptop": "Computers",
        "Tablet": "Computers",
        "Phone": "Mobile",
        "Headphones": "Audio",
        "Speaker": "Audio",
    }
    product = rng.choice(list(products), n)
    quantity = rng.integers(1, 9, n)
    price = np.round(rng.uniform(20, 900, n), 2)
    return pd.DataFrame(
        {
            "OrderID": np.arange(1001, 1001 + n),
            "Order Date": pd.Timestamp("2022-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 730, n)), unit="D"),
            "Region": rng.choice(["North", "South", "East", "West"], n),
            "Product": product,
            "Category": [products[name] for name in product],
            "Quantity": quantity,
            "Unit Price": price,
            "Discount": np.round(rng.uniform(0, 0.3, n), 2),
            "Revenue": np.round(quantity * price, 2),
            "Sales Rep": rng.choice(["Ann Lee", "Bob Stone", "Carla Diaz", "Dmitri Orlov"], n),
        }
    )


def _hr() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    n = 200
    score = np.round(rng.uniform(1, 5, n), 1)
    score[rng.choice(n, 12, replace=False)] = np.nan
    return pd.DataFrame(
        {
            "EmployeeId": np.arange(1, n + 1),
            "FullName": [f"Person {number:03d}" for number in range(n)],
            "Department": rng.choice(["Engineering", "Sales", "Finance", "Marketing", "Human Resources"], n),
            "Gender": rng.choice(["Male", "Female"], n),
            "Age": rng.integers(21, 65, n),
            "HireDate": pd.Timestamp("2010-01-04") + pd.to_timedelta(rng.integers(0, 5000, n), unit="D"),
            "AnnualSalary": rng.integers(30, 180, n) * 1000,
            "PerformanceScore": score,
            "Remote": rng.random(n) < 0.4,
        }
    )


def _shop() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 300
    quantity = rng.integers(1, 20, n)
    price = np.round(rng.uniform(30, 500, n), 2)
    missing = rng.choice(n, 7, replace=False)
    df = pd.DataFrame(
        {
            "Дата": pd.Timestamp("2023-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 365, n)), unit="D"),
            "Регион": rng.choice(["Москва", "Санкт-Петербург", "Казань", "Новосибирск"], n),
            "Товар": rng.choice(["Чай", "Кофе", "Сахар", "Молоко", "Хлеб"], n),
            "Количество": quantity,
            "Цена": price,
            "Сумма": np.round(quantity * price, 2),
            "Менеджер": rng.choice(["Иванов", "Петрова", "Сидоров", "Кузнецова"], n),
            "Способ оплаты": rng.choice(["Наличные", "Карта"], n),
        }
    )
    df.loc[missing, "Цена"] = np.nan
    return pd.concat([df, df.head(4)], ignore_index=True)


def _cars() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    n = 120
    horsepower = rng.integers(50, 230, n)
    return pd.DataFrame(
        {
            "name": [f"model {number}" for number in range(n)],
            "mpg": np.round(46 - horsepower / 6 + rng.normal(0, 2, n), 1),
            "cylinders": rng.choice([4, 6, 8], n),
            "horsepower": horsepower,
            "weight_lbs": rng.integers(1600, 5200, n),
            "origin": rng.choice(["USA", "Europe", "Japan"], n),
            "modelYear": rng.integers(1970, 1983, n),
        }
    )


def _sensors() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    hours = pd.date_range("2024-03-01", periods=24 * 28, freq="h")
    frames = [
        pd.DataFrame(
            {
                "timestamp": hours,
                "sensor": sensor,
                "temperature_c": np.round(
                    20 + 5 * np.sin(hours.hour / 24 * 2 * np.pi) + rng.normal(0, 1, len(hours)), 2
                ),
                "humidity": np.round(rng.uniform(30, 70, len(hours)), 1),
                "status": rng.choice(["ok", "warning", "fail"], len(hours), p=[0.9, 0.07, 0.03]),
            }
        )
        for sensor in ("A1", "B2", "C3")
    ]
    df = pd.concat(frames, ignore_index=True)
    df.loc[rng.choice(len(df), 5, replace=False), "temperature_c"] = 95.0
    return df


def _movies() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    n = 150
    budget = rng.integers(1, 200, n) * 1_000_000
    return pd.DataFrame(
        {
            "title": [f"Movie {number}" for number in range(n)],
            "genre": rng.choice(["Drama", "Comedy", "Action", "Horror", "Sci-Fi"], n),
            "director": rng.choice([f"Director {letter}" for letter in "ABCDEFGH"], n),
            "release_year": rng.integers(1990, 2024, n),
            "budget_usd": budget,
            "gross_usd": (budget * rng.uniform(0.2, 5, n)).astype("int64"),
            "rating": np.round(rng.uniform(3, 9.5, n), 1),
            "runtime_minutes": rng.integers(80, 190, n),
        }
    )


def _houses() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 180
    area = rng.integers(500, 4000, n)
    return pd.DataFrame(
        {
            "Id": np.arange(n),
            "Neighborhood": rng.choice(["Downtown", "Old Town", "Riverside", "Hillcrest"], n),
            "SalePrice": (area * rng.uniform(90, 210, n)).astype("int64"),
            "Bedrooms": rng.integers(1, 6, n),
            "SqFt": area,
            "YearBuilt": rng.integers(1920, 2022, n),
            "Garage": rng.choice(["Yes", "No"], n),
            "SoldDate": pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 1400, n), unit="D"),
        }
    )


def _climate() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    days = pd.date_range("2022-01-01", "2022-12-31")
    frames = [
        pd.DataFrame(
            {
                "Дата": days,
                "Город": city,
                "Температура воздуха": np.round(
                    base + 12 * np.sin((days.day_of_year - 100) / 58) + rng.normal(0, 3, len(days)), 1
                ),
                "Влажность, %": rng.integers(30, 100, len(days)),
                "Осадки, мм": np.round(np.maximum(rng.normal(-1, 4, len(days)), 0), 1),
                "Скорость ветра": np.round(rng.gamma(2, 1.6, len(days)), 1),
            }
        )
        for city, base in (("Москва", 6), ("Сочи", 15), ("Омск", 2))
    ]
    return pd.concat(frames, ignore_index=True)


def _staff() -> pd.DataFrame:
    rng = np.random.default_rng(9)
    n = 90
    return pd.DataFrame(
        {
            "ФИО": [f"Сотрудник {number}" for number in range(n)],
            "Отдел": rng.choice(["Продажи", "Бухгалтерия", "ИТ", "Склад"], n),
            "Должность": rng.choice(["менеджер", "специалист", "руководитель"], n),
            "Оклад": rng.integers(40, 200, n) * 1000,
            "Пол": rng.choice(["М", "Ж"], n),
            "Возраст": rng.integers(20, 65, n),
            "Дата приёма": pd.Timestamp("2012-01-10") + pd.to_timedelta(rng.integers(0, 4000, n), unit="D"),
        }
    )


def _flights() -> pd.DataFrame:
    rng = np.random.default_rng(10)
    n = 350
    return pd.DataFrame(
        {
            "FlightDate": pd.Timestamp("2023-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 365, n)), unit="D"),
            "Airline": rng.choice(["Delta", "United", "Lufthansa", "Aeroflot"], n),
            "Origin": rng.choice(["JFK", "LAX", "FRA", "SVO"], n),
            "Dest": rng.choice(["CDG", "LHR", "HND"], n),
            "DepDelay": np.round(rng.normal(12, 25, n)),
            "Distance_km": rng.integers(400, 9000, n),
            "Passengers": rng.integers(40, 400, n),
            "Cancelled": rng.random(n) < 0.07,
        }
    )


def _students() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 160
    return pd.DataFrame(
        {
            "student": [f"Pupil {number:03d}" for number in range(n)],
            "class": rng.choice(["9A", "9B", "10A", "10B"], n),
            "gender": rng.choice(["F", "M"], n),
            "math_score": rng.integers(20, 101, n),
            "reading_score": rng.integers(25, 101, n),
            "absences": rng.integers(0, 20, n),
            "parent_education": rng.choice(["high school", "bachelor's degree", "master's degree"], n),
        }
    )


def _bookings() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    n = 220
    return pd.DataFrame(
        {
            "Номер заказа": np.arange(5000, 5000 + n),
            "Дата заказа": pd.Timestamp("2023-06-01") + pd.to_timedelta(np.sort(rng.integers(0, 500, n)), unit="D"),
            "Клиент": rng.choice([f"ООО Ромашка {number}" for number in range(12)], n),
            "Категория товара": rng.choice(["Мебель", "Техника", "Одежда"], n),
            "Стоимость": np.round(rng.uniform(500, 90000, n), 2),
            "Статус": rng.choice(["доставлен", "отменён", "в пути"], n, p=[0.7, 0.2, 0.1]),
            "Город доставки": rng.choice(["Тверь", "Пермь", "Самара"], n),
        }
    )


def _letters() -> pd.DataFrame:
    """Names of one letter, and a column that only holds ones."""
    days = pd.date_range("2024-01-01", periods=40)
    v = np.arange(40) * 1.5
    return pd.DataFrame({"d": days, "v": v, "w": np.sqrt(v), "a": 1, "b": np.where(v > 20, "x", "y")})


_MAKERS: dict[str, Callable[[], pd.DataFrame]] = {
    "seattle": lambda: _csv("seattle-weather.csv", "date"),
    "stocks": lambda: _csv("stocks.csv", "date"),
    "gapminder": lambda: _csv("gapminder-health-income.csv"),
    "employment": lambda: _csv("us-employment.csv", "month"),
    "disasters": lambda: _csv("disasters.csv"),
    "sales": _sales,
    "hr": _hr,
    "shop": _shop,
    "cars": _cars,
    "sensors": _sensors,
    "movies": _movies,
    "houses": _houses,
    "climate": _climate,
    "staff": _staff,
    "flights": _flights,
    "students": _students,
    "bookings": _bookings,
    "letters": _letters,
}


@cache
def table(name: str) -> pd.DataFrame:
    """The frame `name`, as the reader would hand it over: dates are dates, numbers are numbers."""
    return _MAKERS[name]()
