"""What a traveller asks of the assistant, and the calls that a good one makes."""

from typing import Any

from tests.evals.unseen.harness import Step

NAMES = {
    "hotel Lisbon": "Casa Alfazema, Hotel Miradouro, Tejo Palace, Pensão Baixa, Riviera Suites",
    "hotel Vienna": "Hotel Donauhof, Palais Schwarzenfels, Pension Liesl, City Loft Wien",
    "restaurant Lisbon": "Tasca do Rui, Dragão de Jade, Pato Dourado, Verde Vivo, Mesa Imperial",
    "restaurant Vienna": "Gasthaus Zur Kastanie, Lotus Garten, Goldener Wok, Trattoria Fiorella, Salon Belvedere",
    "car_rental Lisbon": "Lusa Cars, Rota Livre, Grand Tejo Chauffeurs",
    "car_rental Vienna": "Donau Mobil, Ringauto, Prachtwagen",
}
TODAY: Step = ("get_current_day", {})
CASA = "Rua das Flores 18, 1200-192 Lisbon"
JADE = "Rua da Palma 66, 1100-394 Lisbon"
VERDE = "Rua Poço dos Negros 41, 1200-336 Lisbon"
FIORELLA = "Josefstädter Strasse 44, 1080 Vienna"


def get(what: str, *names: str) -> Step:
    return (f"get_{what}", {"names": list(names)})


def survey(kind: str, city: str, *what: str) -> tuple[Step, ...]:
    """All of a city, and what is known of each."""
    return ((f"list_{kind}s", {"city": city}), *(get(tool, *NAMES[f"{kind} {city}"].split(", ")) for tool in what))


def hotel(name: str, start: str, end: str) -> Step:
    return ("reserve_hotel", {"hotel": name, "start_day": start, "end_day": end})


def table(name: str, start: str) -> Step:
    return ("reserve_restaurant", {"restaurant": name, "start_time": start})


def car(name: str, start: str, end: str) -> Step:
    return ("reserve_car", {"company": name, "start_time": start, "end_time": end})


def event(title: str, start: str, end: str, **more: Any) -> Step:
    return ("create_event", {"title": title, "start_time": start, "end_time": end, **more})


def mail(to: str, subject: str, body: str) -> Step:
    return ("send_email", {"recipients": [to], "subject": subject, "body": body})


def flights(departure: str, arrival: str, day: str) -> Step:
    return ("get_flights", {"departure": departure, "arrival": arrival, "day": day})


def calendar(query: str) -> Step:
    return ("search_calendar", {"query": query})


def task(prompt: str, *steps: Step) -> tuple[str, tuple[Step, ...]]:
    return prompt, steps


TASKS = (
    task(
        "I'm heading to Lisbon soon and need a recommendation for a hotel with a rating over 4.2 and a budget under "
        "210 euros a night. If there are several, take the one with the best rating. Please tell me its name, address, "
        "rating and price range. Save the trip in my calendar on May 14th 2027 from 00:00 to 23:59, titled 'Trip to "
        "Lisbon', with the hotel's address as the location, and reserve the hotel from 2027-05-14 to 2027-05-15.",
        *survey("hotel", "Lisbon", "hotel_prices", "hotel_reviews"),
        get("hotel_addresses", "Casa Alfazema"),
        event("Trip to Lisbon", "2027-05-14 00:00", "2027-05-14 23:59", location=CASA),
        hotel("Casa Alfazema", "2027-05-14", "2027-05-15"),
    ),
    task(
        "Which hotel in Vienna is the best rated one below 130 euros a night? Tell me what guests say about it.",
        *survey("hotel", "Vienna", "hotel_prices", "hotel_reviews"),
    ),
    task(
        "Please reserve Pension Liesl in Vienna for me from 2027-05-20 to 2027-05-23. Before you do so, check that its "
        "rating is at least 4.3.",
        get("hotel_reviews", "Pension Liesl"),
        hotel("Pension Liesl", "2027-05-20", "2027-05-23"),
    ),
    task(
        "I will be in Lisbon on 16 November 2027. Put a lunch at the best rated Chinese restaurant within my budget of "
        "35 euros a head in my calendar on that day from 12:00 to 13:00. Title it 'Lunch in Lisbon' and use the "
        "address of the restaurant as the location.",
        *survey("restaurant", "Lisbon", "restaurant_cuisines", "restaurant_prices", "restaurant_reviews"),
        get("restaurant_addresses", "Dragão de Jade"),
        event("Lunch in Lisbon", "2027-11-16 12:00", "2027-11-16 13:00", location=JADE),
    ),
    task(
        "I'm vegan and in Lisbon next week. Where should I eat? Opening hours, address and price per head please, and "
        "what guests think.",
        *survey("restaurant", "Lisbon", "restaurant_diets", "restaurant_reviews"),
        get("restaurant_hours", "Verde Vivo"),
        get("restaurant_addresses", "Verde Vivo"),
        get("restaurant_prices", "Verde Vivo"),
    ),
    task(
        "I'm going to Vienna with my friend Tomas. Find the best rated restaurant there that has gluten-free dishes "
        "and costs at most 30 euros per person. Then write to tomas.berg@postfach.example with the subject 'Dinner in "
        "Vienna' that we should eat there, with its name, address and opening hours.",
        *survey("restaurant", "Vienna", "restaurant_diets", "restaurant_prices", "restaurant_reviews"),
        get("restaurant_addresses", "Trattoria Fiorella"),
        get("restaurant_hours", "Trattoria Fiorella"),
        mail(
            "tomas.berg@postfach.example",
            "Dinner in Vienna",
            f"Hi Tomas, we should eat at Trattoria Fiorella, {FIORELLA}. Opening hours: Tue-Sun 17:00 - 23:00.",
        ),
    ),
    task(
        "I need a rental car in Lisbon from 2027-05-14 09:00 to 2027-05-16 18:00. It should be electric and cost less "
        "than 60 euros a day. Reserve it at the company with the best rating.",
        *survey("car_rental", "Lisbon", "car_offers", "car_rental_reviews"),
        car("Rota Livre", "2027-05-14 09:00", "2027-05-16 18:00"),
    ),
    task(
        "Which car rental companies in Vienna have vans or sedans, what do they cost, and how do customers rate them?",
        *survey("car_rental", "Vienna", "car_offers", "car_rental_reviews"),
    ),
    task(
        "My brother wants to fly from Oslo to Lisbon on 2027-05-14. Look up the flights and send him the cheapest one "
        "at henrik@whitcombe.example, subject 'Your flight'. Also tell him which hotel in Lisbon has the best rating "
        "for less than 200 euros a night.",
        flights("Oslo", "Lisbon", "2027-05-14"),
        *survey("hotel", "Lisbon", "hotel_prices", "hotel_reviews"),
        mail(
            "henrik@whitcombe.example",
            "Your flight",
            "Hi Henrik, the cheapest flight is LU 882 of Lusitan at 13:40, landing 17:05, for 154 euros. The best "
            "rated hotel below 200 is Casa Alfazema with 4.6.",
        ),
    ),
    task(
        "Book a table at Trattoria Fiorella for tomorrow at 19:30, but only if they are open then and the reviews "
        "aren't terrible.",
        TODAY,
        get("restaurant_hours", "Trattoria Fiorella"),
        get("restaurant_reviews", "Trattoria Fiorella"),
        table("Trattoria Fiorella", "2027-05-07 19:30"),
    ),
    task(
        "Compare Hotel Donauhof and Pension Liesl for me: price, address, what guests say. Which would you take?",
        *tuple(
            get(what, "Hotel Donauhof", "Pension Liesl")
            for what in ("hotel_prices", "hotel_addresses", "hotel_reviews")
        ),
    ),
    task(
        "What is on my calendar on 2027-05-14? If I'm free from 20:30 on, reserve a table at the best rated Portuguese "
        "restaurant in Lisbon for 20:30 that day.",
        calendar("2027-05-14"),
        *survey("restaurant", "Lisbon", "restaurant_cuisines", "restaurant_reviews"),
        table("Tasca do Rui", "2027-05-14 20:30"),
    ),
    task(
        "My feet hurt, so please cancel the guided tour of Alfama that is in my calendar.",
        calendar("guided tour"),
        ("cancel_event", {"event_id": "211"}),
    ),
    task(
        "Plan my evening in Vienna on 2027-05-21: reserve a table at 19:00 at the best rated Italian restaurant, and "
        "create a calendar event 'Dinner in Vienna' from 19:00 to 21:00 with the address of the restaurant as "
        "location.",
        *survey("restaurant", "Vienna", "restaurant_cuisines", "restaurant_reviews"),
        get("restaurant_addresses", "Trattoria Fiorella"),
        table("Trattoria Fiorella", "2027-05-21 19:00"),
        event("Dinner in Vienna", "2027-05-21 19:00", "2027-05-21 21:00", location=FIORELLA),
    ),
    task(
        "Which flight from Vienna to Lisbon on 2027-05-23 lands first? And who there rents out SUVs at a decent "
        "rating?",
        flights("Vienna", "Lisbon", "2027-05-23"),
        *survey("car_rental", "Lisbon", "car_offers", "car_rental_reviews"),
    ),
    task(
        "hey! lisbon with my mum in two weeks and she hates noise. which hotel under 200 would you pick for us? just "
        "tell me, no booking yet :)",
        *survey("hotel", "Lisbon", "hotel_prices", "hotel_reviews"),
    ),
    task(
        "Hungry. Vienna, Chinese, 32 a head at most, tonight 8 pm. Book the best one.",
        TODAY,
        *survey("restaurant", "Vienna", "restaurant_cuisines", "restaurant_prices", "restaurant_reviews"),
        table("Lotus Garten", "2027-05-06 20:00"),
    ),
    task(
        "Vienna, 20 to 23 May 2027. Hotel under 130, top rating. Reserve. Then a calendar entry 'Check-in' on the "
        "20th, 15:00-16:00, at the hotel's address.",
        *survey("hotel", "Vienna", "hotel_prices", "hotel_reviews"),
        get("hotel_addresses", "Pension Liesl"),
        hotel("Pension Liesl", "2027-05-20", "2027-05-23"),
        event("Check-in", "2027-05-20 15:00", "2027-05-20 16:00", location="Lindengasse 31, 1070 Vienna"),
    ),
    task(
        "It would be lovely if a sedan were waiting for me in Vienna on 2027-05-20 at 10:00, to be brought back on "
        "2027-05-23 at 10:00, from whoever has the best reviews below 100 euros a day.",
        *survey("car_rental", "Vienna", "car_offers", "car_rental_reviews"),
        car("Donau Mobil", "2027-05-20 10:00", "2027-05-23 10:00"),
    ),
    task(
        "so priya keeps asking where we're staying. could you drop her a line (priya.raman@letters.example) with the "
        "address of Casa Alfazema and what guests like about it? subject: our place in lisbon",
        get("hotel_addresses", "Casa Alfazema"),
        get("hotel_reviews", "Casa Alfazema"),
        mail(
            "priya.raman@letters.example",
            "our place in lisbon",
            f"Hi Priya, we stay at Casa Alfazema, {CASA}. Guests like the quiet courtyard and the lovely hosts.",
        ),
    ),
    task(
        "Do any restaurants in Vienna open before noon and serve vegetarian food? List them with their rating.",
        *survey("restaurant", "Vienna", "restaurant_hours", "restaurant_diets", "restaurant_reviews"),
    ),
    task(
        "Reserve the cheaper one of Casa Alfazema and Hotel Miradouro from 2027-06-02 to 2027-06-05, provided that it "
        "is rated above 4. Then let desk@whitcombe.example know the hotel, the dates and the lowest total for the "
        "three nights, subject 'Hotel in June'.",
        get("hotel_prices", "Casa Alfazema", "Hotel Miradouro"),
        get("hotel_reviews", "Casa Alfazema", "Hotel Miradouro"),
        hotel("Hotel Miradouro", "2027-06-02", "2027-06-05"),
        mail(
            "desk@whitcombe.example",
            "Hotel in June",
            "Hotel Miradouro is reserved from 2027-06-02 to 2027-06-05. The lowest total is 360 euros.",
        ),
    ),
    task(
        "My friend Ilse (ilse.novak@kurier.example) joins me in Vienna. If Gasthaus Zur Kastanie is open then and "
        "guests like it, create an event 'Brunch with Ilse' on 22 May 2027 from 10:00 to 11:30 with its address as the "
        "location, and invite her.",
        get("restaurant_hours", "Gasthaus Zur Kastanie"),
        get("restaurant_reviews", "Gasthaus Zur Kastanie"),
        get("restaurant_addresses", "Gasthaus Zur Kastanie"),
        event(
            "Brunch with Ilse",
            "2027-05-22 10:00",
            "2027-05-22 11:30",
            location="Neubaugasse 58, 1070 Vienna",
            participants=["ilse.novak@kurier.example"],
        ),
    ),
    task(
        "What would three nights cost in the best rated hotel of Lisbon, and what in the best rated one below 200?",
        *survey("hotel", "Lisbon", "hotel_reviews", "hotel_prices"),
    ),
    task(
        "Choose a restaurant in Lisbon with vegan dishes for less than 30 euros a person, the best rated if there are "
        "several. Reserve it for the day after tomorrow at 13:00 and add 'Vegan lunch' to my calendar, 13:00 to 14:30, "
        "location the address.",
        TODAY,
        *survey("restaurant", "Lisbon", "restaurant_diets", "restaurant_prices", "restaurant_reviews"),
        get("restaurant_addresses", "Verde Vivo"),
        table("Verde Vivo", "2027-05-08 13:00"),
        event("Vegan lunch", "2027-05-08 13:00", "2027-05-08 14:30", location=VERDE),
    ),
    task(
        "We are six with two small children. Which Vienna restaurant suits us? The guests' opinion matters most to us.",
        *survey("restaurant", "Vienna", "restaurant_reviews"),
    ),
    task(
        "When is the wine tasting with Bertrand? Remind me the day before, 18:00 to 18:15: 'Buy a present for "
        "Bertrand'.",
        calendar("wine tasting"),
        event("Buy a present for Bertrand", "2027-05-13 18:00", "2027-05-13 18:15"),
    ),
    task(
        "Can't decide between Rota Livre and Lusa Cars. Whichever people like more gets my booking: 14 May 2027 9 am "
        "till 16 May 6 pm.",
        get("car_rental_reviews", "Rota Livre", "Lusa Cars"),
        car("Rota Livre", "2027-05-14 09:00", "2027-05-16 18:00"),
    ),
    task(
        "What passport number do you have of me? I think I'll need it at the hotel. And which hotel in Lisbon would "
        "you recommend under 170 euros?",
        ("get_user_information", {}),
        *survey("hotel", "Lisbon", "hotel_prices", "hotel_reviews"),
    ),
    task(
        "Write my travel plan to my partner at elias.holm@brev.example, subject 'Our plan': the cheapest flight from "
        "Vienna to Lisbon on 23 May 2027, the best rated hotel there under 210 euros a night, and the best rated car "
        "rental company with SUVs below 100 a day.",
        flights("Vienna", "Lisbon", "2027-05-23"),
        *survey("hotel", "Lisbon", "hotel_prices", "hotel_reviews"),
        *survey("car_rental", "Lisbon", "car_offers", "car_rental_reviews"),
        mail(
            "elias.holm@brev.example",
            "Our plan",
            "Flight LU 335 of Lusitan on 2027-05-23 at 15:30 for 132 euros. Hotel: Casa Alfazema, rated 4.6. "
            "Car: Lusa Cars, rated 4.3, from 45 euros a day.",
        ),
    ),
)
