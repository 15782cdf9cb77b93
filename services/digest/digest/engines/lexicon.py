"""Words that people use when they write about common topics, so that a category called "Sports" knows what a goal is.

A category gets the words of every topic that its name, its keywords or its description mentions. The lists were
written for this service from general knowledge of the two languages.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """`names` are words by which a category means this topic; `words` those that texts about it use."""

    names: str
    words: str


TOPICS = (
    Topic(
        "sport sports athletics games olympic olympics football soccer спорт футбол хоккей олимпиада",
        """
        match game team player coach champion championship tournament league cup final semifinal season goal score
        scored win won beat defeat victory loss medal gold silver bronze olympic olympics athlete stadium
        fans football soccer basketball baseball hockey tennis golf cricket rugby boxing swimming swimmer cycling
        gymnastics gymnast rowing wrestling skiing marathon sprinter runner relay freestyle racing race driver grand
        prix formula nascar lap pitcher inning homer home run quarterback touchdown nfl nba mlb nhl pga fifa uefa
        wimbledon open striker midfielder defender goalkeeper referee penalty dribble batsman wicket innings serve
        set straight sets seed seeded birdie bogey fairway hole round playoff playoffs inning shutout rebound kick
        transfer squad roster contract injury knee ankle debut captain manager bench doping club sox yankees mets
        cubs braves dodgers giants arsenal chelsea manchester liverpool madrid barcelona milan qualifying heat
        qualifier upset rout comeback title матч игра команда игрок тренер чемпион чемпионат турнир лига кубок финал
        полуфинал сезон гол счёт победа поражение выиграл проиграл медаль золото серебро олимпийский олимпиада
        спортсмен стадион болельщик футболист хоккеист теннисист вратарь нападающий защитник пенальти шайба ракетка
        гонка пилот этап сборная клуб рекорд биатлон лыжи плавание бокс боксёр нокаут судья фигурист трансфер
        спартак зенит цска динамо
        """,
    ),
    Topic(
        "business economy economic economics finance financial market markets company companies money trade industry "
        "бизнес экономика финансы рынок рынки компания деньги торговля",
        """
        company companies corporation firm inc corp share shares stock stocks investor investors wall street nasdaq
        dow nikkei ftse index bond bonds yield earnings profit profits loss losses revenue sales quarter quarterly
        forecast outlook analyst analysts economy economic economist growth recession inflation deficit surplus gdp
        federal reserve interest rate rates bank banks banking loan loans debt mortgage credit fund funds hedge
        currency dollar euro yen yuan pound oil crude barrel opec gas energy gold price prices retail retailer
        consumer consumers spending wages job jobs payroll unemployment layoff layoffs hire workers union strike
        airline airlines bankruptcy creditors merger acquisition takeover buyout bid offer ipo auction deal billion
        million percent tax tariff export exports import imports trade factory manufacturing industrial output ceo
        executive chairman board shareholder dividend accounting audit sec regulators antitrust insurance insurer
        pension real estate housing supplier commodity futures trader traders brokerage компания фирма корпорация
        акция акции биржа инвестор индекс облигация прибыль убыток выручка продажи квартал прогноз аналитик
        экономика рост инфляция дефицит ввп банк центробанк ставка кредит долг ипотека валюта рубль доллар евро юань
        нефть баррель газ опек цена цены розничный потребитель зарплата безработица завод производство экспорт
        импорт налог пошлина сделка слияние поглощение директор акционер дивиденд бюджет санкции минфин
        """,
    ),
    Topic(
        "technology tech computer computers computing internet software digital gadget gadgets it sci programming "
        "технология технологии техника компьютер интернет софт гаджет гаджеты",
        """
        computer computers software hardware internet web website online browser search engine email e-mail spam
        virus worm hacker hackers security flaw vulnerability patch update windows linux microsoft google yahoo
        apple ibm intel amd oracle sun sony nokia samsung motorola chip chips processor server servers laptop pc pcs
        desktop mobile phone phones cellphone handset wireless broadband wi-fi wifi network networking bluetooth
        satellite radio digital camera music download downloads ipod mp3 file-sharing piracy video game games gaming
        console xbox playstation nintendo database open-source source code developer developers programmer
        application applications app data storage disk drive user users technology technologies tech gadget device
        devices robot robots electronics semiconductor voip telecom messaging blog blogs portal domain encryption
        artificial intelligence smartphone cloud startup компьютер программа интернет сайт браузер поиск вирус хакер
        уязвимость обновление операционный система процессор чип сервер ноутбук смартфон телефон мобильный сеть
        беспроводной связь камера приложение пользователь разработчик данные робот нейросеть искусственный интеллект
        цифровой гаджет устройство стартап код криптография майкрософт гугл яндекс
        """,
    ),
    Topic(
        "science sciences scientific research space biology physics astronomy nature sci наука космос биология физика "
        "астрономия исследования",
        """
        science scientist scientists research researcher researchers study studies university laboratory lab
        experiment discovery discover space nasa astronaut astronauts rocket shuttle orbit spacecraft probe mars
        moon saturn jupiter planet planets comet asteroid telescope galaxy star stars universe cosmic astronomer
        astronomers physics physicist particle quantum chemistry molecule atom biology biologist gene genes genetic
        dna genome cell cells stem clone cloning species animal animals fossil fossils dinosaur evolution primate
        bird birds fish whale dolphin dolphins insect bacteria ancient archaeologist archaeologists climate warming
        greenhouse carbon ocean arctic ice volcano earthquake geology meteor perseid hydrogen fuel solar laser
        nanotechnology mathematician theory brain neuron prehistoric extinct extinction habitat ecosystem наука
        учёный учёные исследование исследователь университет лаборатория эксперимент открытие космос космонавт
        ракета орбита спутник марс луна планета комета астероид телескоп галактика звезда вселенная физик частица
        квантовый химия молекула атом биолог ген геном днк клетка вид животное ископаемый динозавр эволюция бактерия
        археолог климат потепление океан вулкан мозг теория
        """,
    ),
    Topic(
        "world international foreign politics political government governments policy diplomacy election elections "
        "мир мировой международный политика правительство выборы дипломатия",
        """
        government president minister premier prime parliament senate congress lawmaker lawmakers senator governor
        election elections vote votes voter voters ballot referendum poll campaign candidate democrat democratic
        republican opposition party coalition leader leaders politician political policy diplomat diplomats
        diplomatic ambassador embassy summit treaty talks negotiations negotiators united nations un nato european
        union sanctions nuclear weapons iran iraq iraqi baghdad najaf israel israeli palestinian palestinians gaza
        west bank jerusalem afghanistan afghan kabul pakistan india kashmir china taiwan beijing north korea korea
        pyongyang russia russian moscow chechnya georgia ukraine sudan darfur rwanda congo burundi nigeria africa
        african venezuela cuba colombia haiti turkey syria lebanon saudi kuwait indonesia philippines nepal minority
        refugees refugee migrants asylum border king queen royal pope church protest protesters demonstrators rally
        human rights constitution reform president's foreign ministry official officials state capital regime
        dictator exile президент правительство министр премьер парламент дума депутат сенат сенатор губернатор
        выборы голосование избиратель кандидат партия оппозиция коалиция лидер политик дипломат посол посольство
        саммит договор переговоры оон нато евросоюз санкции ядерный россия сша китай украина европа иран ирак
        израиль палестинский беженец граница протест митинг конституция закон кремль мид
        """,
    ),
    Topic(
        "war wars conflict conflicts military army terrorism terror violence attack attacks война войны конфликт "
        "военный армия терроризм теракт",
        """
        war troops soldier soldiers army military marines forces rebel rebels militia militant militants insurgent
        insurgents insurgency fighter fighters guerrilla gunmen cleric bomb bombs bombing bomber blast explosion
        attack attacks attacked suicide terrorist terrorists terrorism al-qaeda qaeda hostage hostages kidnap
        kidnapped captive ceasefire truce peace peacekeepers peacekeeping siege shelling airstrike missile missiles
        rocket gun weapons killed kill kills dead death deaths wounded casualties massacre genocide invasion
        occupation raid clash clashes fighting battle violence uprising coup assassination shrine mosque война
        войска солдат армия военный повстанец боевик взрыв бомба теракт террорист заложник атака обстрел удар ракета
        погиб погибли убит ранен перемирие мир наступление оборона беспилотник вторжение столкновение
        """,
    ),
    Topic(
        "disaster disasters weather accident accidents катастрофа катастрофы погода происшествия авария",
        """
        hurricane storm storms typhoon tornado flood floods flooding rain earthquake quake tsunami landslide
        wildfire fire fires drought evacuate evacuated evacuation rescue rescuers survivors victims damage
        devastated aid relief emergency crash crashed derailed sank ferry explosion collapse weather forecast winds
        heat wave snow ураган шторм тайфун наводнение дождь землетрясение цунами оползень пожар засуха эвакуация
        спасатель пострадавший жертва ущерб крушение авария погода снег ветер жара
        """,
    ),
    Topic(
        "crime justice law court courts legal police преступность преступление суд право закон полиция криминал",
        """
        police arrested arrest suspect suspects murder murdered killer robbery theft stolen fraud trial court judge
        jury verdict sentence sentenced prison jail lawyer lawyers attorney prosecutor prosecutors charged charges
        guilty convicted lawsuit sued appeal crime criminal investigation detective drug trafficking smuggling rape
        abuse victim gang полиция арест задержан подозреваемый убийство ограбление кража мошенничество суд судья
        приговор тюрьма адвокат прокурор обвинение виновный иск следствие преступник наркотик банда
        """,
    ),
    Topic(
        "health medicine medical doctor disease здоровье медицина врач болезнь",
        """
        health hospital doctor doctors patient patients disease diseases cancer heart diabetes virus flu infection
        epidemic outbreak vaccine drug drugs medicine medical treatment therapy surgery clinic symptoms obesity diet
        nutrition exercise mental depression pregnancy aids hiv malaria pharmaceutical fda здоровье больница врач
        пациент болезнь рак сердце диабет грипп инфекция эпидемия вакцина лекарство лечение операция клиника симптом
        диета
        """,
    ),
    Topic(
        "entertainment culture arts art film films movie movies music celebrity celebrities books television "
        "развлечения культура искусство кино музыка знаменитости книги",
        """
        film films movie movies actor actress director hollywood box office cinema album song songs singer band
        concert tour festival music pop rock hip-hop opera theater theatre museum exhibition painting artist novel
        author book books poet television tv series show celebrity fashion award awards oscar emmy grammy фильм кино
        актёр актриса режиссёр альбом песня певец певица группа концерт фестиваль театр музей выставка картина
        художник роман автор книга сериал премия мода
        """,
    ),
    Topic(
        "education school schools university students образование школа вуз студенты",
        """
        school schools student students teacher teachers university college campus exam exams degree tuition
        classroom curriculum kindergarten graduation scholarship школа ученик студент учитель университет экзамен
        егэ урок детский сад стипендия диплом
        """,
    ),
    Topic(
        "environment ecology climate экология окружающая среда климат",
        """
        environment environmental pollution emissions carbon climate warming greenhouse recycling waste conservation
        endangered wildlife forest forests deforestation renewable solar wind energy ecosystem экология загрязнение
        выбросы климат потепление отходы заповедник лес вырубка возобновляемый
        """,
    ),
    Topic(
        "travel tourism путешествия туризм",
        """
        travel tourist tourists tourism hotel hotels flight flights airport vacation holiday destination
        destinations beach resort cruise visa passport sightseeing guide путешествие турист туризм отель рейс
        аэропорт отпуск пляж курорт виза паспорт экскурсия
        """,
    ),
    Topic(
        "food cooking recipes еда кулинария рецепты",
        """
        food recipe recipes cook cooking chef restaurant kitchen dish meal dinner bake oven sauce cheese bread wine
        vegetables meat dessert flavour ingredients еда рецепт готовить повар ресторан кухня блюдо ужин духовка соус
        сыр хлеб вино овощи мясо десерт
        """,
    ),
    Topic(
        "cars auto autos automotive vehicles авто автомобили машины",
        """
        car cars vehicle vehicles automaker automakers engine sedan suv truck electric hybrid toyota ford honda bmw
        mileage dealership driver drivers road highway автомобиль машина двигатель седан кроссовер грузовик
        электромобиль автопроизводитель водитель дорога
        """,
    ),
)
