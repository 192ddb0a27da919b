"""What the invented people say, and what their crews are for. All of it is made up."""

from dataclasses import dataclass
from typing import Final

# ---- the place

NAME: Final = "Larkmouth"
SLUG: Final = "larkmouth"
REGION: Final = "Larkmouth and the lower Wend"
PURPOSE: Final = "So that nobody here has to do what matters to them alone."
ZONE: Final = "Europe/Dublin"
# What is everyone's: name, tempo, kind, weekday, hour, minutes, place.
OURS: Final = (
    ("Peer-support call", "monthly", "relational", 2, 20, 60, ""),
    ("Hosts’ call", "monthly", "planning", 0, 19, 60, ""),
    ("Gathering", "halfyearly", "relational", 5, 10, 360, "The old rope works"),
)
SEASON: Final = "Crews before spring"

QUARTERS: Final = (
    "Ropewalk", "Old Quay", "Saltpans", "Ferry Steps", "Upper Wend", "Lantern Hill", "Mill Lade",
    "Coldharbour", "Nether Larkmouth", "Gull Yard", "Canal Basin", "St Brannock’s", "Far Bank",
    "Cooper’s End", "Wend Bridge", "The Warren",
)  # fmt: skip

# Larkmouth's siblings, when there are more congregations than one.
RIVERS: Final = (
    "Wend", "Arrow", "Loam", "Sallow", "Tarn", "Ember", "Rill", "Marl", "Isk", "Orrin", "Thaw",
    "Bracken", "Heron", "Osier", "Withy", "Corran",
)  # fmt: skip
SPOTS: Final = (
    "mouth", "ford", "bridge", "holm", "stead", "haven", "weir", "ness", "side", "combe", "wick",
    "field", "hythe", "croft",
)  # fmt: skip

# ---- people

LINES: Final = (
    "Mends bicycles and, on good days, sentences.",
    "Carried the post for thirty years. Still knows every dog.",
    "Grows more courgettes than one street can forgive.",
    "Teaches physics by setting fire to things, safely.",
    "Night nurse. If I yawn, it isn’t you.",
    "Tunes pianos, apologises to the cats on top of them.",
    "Writes the small print that people can actually read.",
    "Ferry deckhand, learning to stay put.",
    "Bakes at four, asleep by nine, free in between.",
    "Raises two children and a quantity of moss.",
    "Paints boats. Would rather paint the sea.",
    "Ran a shop for years; misses the gossip, not the till.",
    "Translates poems nobody commissioned.",
    "Cuts hair and hears everything. Repeats nothing.",
    "Studying law late, swimming early.",
    "Makes maps of places that have stopped existing.",
    "Has a van, a ladder and an opinion about gutters.",
    "Beginner at retirement. Open to tutoring.",
    "Drives the 14 bus and keeps a list of its kindnesses.",
    "Sings bass in two choirs, one of them good.",
    "Makes cheese that frightens visitors.",
    "Codes for hospitals; knits for sanity.",
    "Plasterer. Slow hands, quick tea.",
    "Moved here for a month in 2016.",
    "Restores radios, mostly for the voices.",
    "Teaches Arabic on Mondays, learns Welsh on Tuesdays.",
    "Stage manager: I know where everything is but my keys.",
    "Counts birds for the county and sheep for the rest.",
    "Social worker with a drum kit. The one explains the other.",
    "Builds dry stone walls, and lately fewer of the other kind.",
    "Used to be an auditor. Recovering well.",
    "Makes prosthetic hands. Ask me about thumbs.",
    "Looks after a mother and forty-one tomato plants.",
    "Cooks for a school of two hundred critics.",
    "Librarian. Not quiet, just busy.",
    "Sews sails, hems curtains, will not do zips.",
    "Welds gates that people lean on to talk.",
    "Between jobs, and reading the space carefully.",
    "Midwife to goats, mostly by accident.",
    "Reads contracts for artists, in exchange for art.",
    "Keeps the tide tables and a spare kettle.",
    "Botanist of pavements.",
    "Organises things. Would like to be organised with.",
    "Left the bank, kept the bicycle clips.",
    "Carpenter; measures twice and then rings a friend.",
    "Makes short films about long friendships.",
    "Allotment 7B. Bring a chair.",
    "Doctor of soil. Yes, the soil is fine, thank you.",
    "Sign-language interpreter: I talk with my hands for a living.",
    "Grandmother of five, apprentice of one luthier.",
    "Repairs clocks and forgives people who are late.",
    "Distiller’s daughter, drinks tea.",
    "Learning to ask before the boat is half under.",
    "Cleans offices at night and writes in them a little.",
    "Ex-goalkeeper. Still stands in doorways.",
    "Carries a notebook, loses the pen.",
    "Union rep, soft on dumplings.",
    "Makes puppets for grown-ups with problems.",
    "Rows before work. Works before breakfast, alas.",
    "Knows four ways to cook nettles and is looking for a fifth.",
    "Part-time lighthouse guide, full-time optimist.",
    "Roofer. Sees everyone’s garden.",
    "Teaches old people phones; they teach me patience.",
    "Runs the lost property office of the harbour. It’s mostly gloves.",
    "Optician who looks people in the eye for fun, too.",
    "Came for the work, stayed for the fog.",
    "Does the books for three bands and a bakery.",
    "Foster father. The door’s rarely locked.",
    "Speech therapist who is lost for words about once a day.",
    "Farmhand with a philosophy degree, or the other way round.",
    "Printer’s ink under the nails since 1998.",
    "Makes bread out of what the brewery throws away.",
    "Paramedic. Calm about most things but wasps.",
    "Invents board games that last exactly one pot of tea.",
    "Hospice gardener.",
    "Plays the accordion, but with consent.",
    "Photographs hands.",
    "Would like to work less and mean it more.",
    "Retrained as an electrician at fifty-two. Lights are going on.",
    "Choirmaster of eleven pensioners and one dog.",
    "Studies mudflats. They’re livelier than they look.",
    "Makes soup by the bathtub, figuratively.",
    "Quietly good at forms.",
    "Has lived on three boats and sunk none.",
    "Architect of very small kitchens.",
    "Thinks best on a ladder.",
)

# For congregations of hundreds: a trade and a habit, put together.
TRADES: Final = (
    "Joiner", "Nurse", "Gardener", "Teacher", "Cook", "Beekeeper", "Bookbinder", "Carer", "Welder",
    "Cellist", "Programmer", "Shepherd", "Tailor", "Potter", "Geologist", "Baker", "Lawyer",
    "Bus driver", "Sculptor", "Vet", "Electrician", "Editor", "Boatbuilder", "Dancer", "Forester",
    "Chemist", "Youth worker", "Cobbler", "Surveyor", "Actor", "Postwoman’s son", "Dentist",
)  # fmt: skip
HABITS: Final = (
    "Walks everywhere, arrives anyway.", "Laughs first, asks second.", "Always has string.",
    "Up with the gulls.", "Listens better on a walk.", "Bad at small talk, good at washing up.",
    "Brings the biscuits.", "Keeps promises and receipts.", "New here, twice.",
    "Owns one good knife.", "Can be talked into most things before noon.",
    "Reads the last page first.", "Learning the harmonica; sorry, upstairs.",
    "Knows somebody who knows.", "Will hold the ladder.", "Never quite finished with a thing.",
    "Still believes in post.", "Asks the second question.", "Sits by the door, stays till the end.",
    "Slow to yes, hard to shake off.", "Grows things on windowsills.", "Swims until November.",
    "Rarely wrong about weather.", "Has opinions on soup.", "Happiest with a list of one.",
    "Counts to ten in nine languages.", "Good in a crisis, vague on a Sunday.",
)  # fmt: skip

# ---- what people show in the pool: work for money, work that means most, offers, asks, topics

LIVELIHOODS: Final = (
    "Three days in a council office, the rest in odd jobs.",
    "I keep the books for small firms.",
    "Shifts at the hospital, mostly nights.",
    "Freelance: websites for people who dislike websites.",
    "I teach maths to fifteen-year-olds.",
    "A pension, a lodger and some translating.",
    "Deliveries by bicycle, and a stall on Saturdays.",
    "Nothing just now. The last contract ended in spring.",
    "I cook in the canteen of the boatyard.",
    "Cleaning, five houses, good people.",
    "Half a job in the library, half a job in a café.",
    "I repair instruments for two schools.",
    "Care work, by the hour.",
    "Grants, when they come.",
)
MEANINGS: Final = (
    "A workshop where people learn to mend what they own.",
    "Writing down my grandmother’s recipes with everyone who still cooks them.",
    "Bringing eels back up the Wend.",
    "Making music with people who have forgotten most other things.",
    "A house that four families could afford together.",
    "Teaching boys to cook before anyone tells them not to.",
    "Company for people who look after someone day and night.",
    "A radio hour made by those who are new in town.",
    "Planting hedges. Five hundred metres so far.",
    "Small loans among neighbours, without shame.",
    "Keeping the ferry in the hands of those who ride it.",
    "Drawing with children in the ward on Fridays.",
    "A theatre that fits in one van.",
    "Learning to say what I want before I’m angry.",
    "Getting land out of the market and into the soup.",
    "A school garden that survives the holidays.",
    "Stories from the shipyard, before the last ones who know are gone.",
    "A kitchen where nobody asks whether you can pay.",
    "A night walk each month for people who can’t sleep anyway.",
    "Repairing the organ of St Brannock’s, pipe by pipe, with whoever has hands.",
    "A lending shelf for ladders, drills and prams.",
    "Helping people to die at home, and those around them to stand it.",
    "Turning the old customs house into workshops that nobody can sell.",
    "Chess with people who have just arrived and know nobody.",
    "Writing songs that can be sung while rowing.",
    "Learning from the bees how to decide without a chairman.",
)
OFFERS: Final = (
    "A van on weekdays. Calm on weekends.",
    "I can read a lease and a knitting pattern.",
    "A table for eight and a garden behind it.",
    "Patience with spreadsheets.",
    "Soup, lifts, second opinions.",
    "I know how to ask a foundation for money.",
    "Tools: all the usual ones, and a lathe.",
    "I’ll come and sit with you while you do the dreaded thing.",
    "Arabic, French, and silence.",
    "Proofreading, kindly.",
    "A room where one can be loud.",
    "Childminding on Thursdays.",
)
ASKS: Final = (
    "Someone who asks me on Fridays what I finished.",
    "Courage for one phone call a week.",
    "People who have been broke and can laugh about it.",
    "Help with pricing. I undercharge my friends, and everyone is my friend.",
    "A walk with someone who doesn’t fix things.",
    "A reader for forty rough pages.",
    "Somebody who knows about roofs.",
    "To be reminded that rest is allowed.",
    "Company in learning to delegate.",
    "An honest view of my plan before I sign.",
    "Two hours a month with someone else’s dog.",
    "A place to practise saying no.",
)
TOPICS: Final = (
    "food", "repair", "singing", "money, shared", "housing", "care work", "rivers", "writing",
    "children", "bread", "theatre", "soil", "grief", "learning languages", "boats", "music",
    "slow work", "neighbours", "energy", "walking", "drawing", "old age", "making things by hand",
)  # fmt: skip
CHAT_NAMES: Final = ("lark", "tern", "wend", "quay", "rope", "tide", "moss", "kelp")

# ---- crews


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a crew is about, as its idea said it."""

    name: str
    intention: str
    kind: str
    place: str
    holds: str = ""
    ritual: str = ""
    spoils: str = ""


KETTLE: Final = Purpose(
    "The Kettle",
    "Each of us brings the one question we have been walking round all week. The others don’t answer it. They help to ask it better.",
    "support",
    "Gull Yard, the blue door",
    "Phones in the bread bin. Nobody is interrupted.",
    "The kettle goes on first; whoever lit it speaks last.",
    "Good advice.",
)
THREADS: Final = Purpose(
    "Loose Threads",
    "Six evenings for six half-finished things: a novel, a shed, a quarrel with the tax office. We sit together and each does the next small piece.",
    "support",
    "The net loft, Old Quay",
    "Work first, talk after.",
    "At the start each says one thing; at the end, whether it moved.",
    "Comparing.",
)
LETTERS: Final = Purpose(
    "Slow Letters",
    "We write by hand to people who sit in prison, and read what they answer aloud to each other. Then we write again.",
    "affinity",
    "The reading room, Lantern Hill",
    "What’s in a letter stays between its pages and us.",
    "A stamp for whoever is absent.",
    "Pity.",
)
NIGHTS: Final = Purpose(
    "Night Shift",
    "For those who work while others sleep. We meet at breakfast, which is our evening, and tell each other how the night was.",
    "support",
    "Café by the bus depot",
    "Short sentences are fine.",
    "Someone else makes the eggs.",
    "Falling asleep is no offence.",
)
DOUGH: Final = Purpose(
    "Sourdough Parliament",
    "One oven, five starters and the affairs of the town. We bake for the market table and talk while it rises.",
    "affinity",
    "The old bakehouse, Mill Lade",
    "The oven decides when we are finished.",
    "The first loaf goes next door.",
    "Recipes as identity.",
)
WAGES: Final = Purpose(
    "Harbour Wages",
    "Two freelancers, a cook, a tuner of pianos and others whose income comes in waves. We put our good months beside our bad ones and learn to speak of money without a cough.",
    "livelihood",
    "Above the chandler’s",
    "Figures stay on the table.",
    "Each says the number first and the story after.",
    "Envy that isn’t mentioned.",
)
TABLE: Final = Purpose(
    "The Long Table",
    "A canteen that its cooks will own. For now it is a stove, a ledger and a name; by summer it should feed forty on Thursdays.",
    "coop",
    "St Brannock’s church kitchen",
    "Decisions wait until everyone has eaten.",
    "We cook what we talk about.",
    "Heroes.",
)
TIDES: Final = Purpose(
    "Tidewatch",
    "Once a month we count what lives on the mudflats, send the numbers in, and talk about everything else on the way back.",
    "affinity",
    "Slipway at Far Bank",
    "Boots. Nobody walks out alone.",
    "A minute of only listening before we count.",
    "Drones.",
)
PLAN: Final = Purpose(
    "Plan C",
    "For those between one job and the next who would rather not be between them alone. We read each other’s applications and go for a walk after every no.",
    "support",
    "Bandstand, Canal Basin",
    "A no is read out and then folded into a boat.",
    "One good thing that has nothing to do with work.",
    "Cheering up.",
)
ATTIC: Final = Purpose(
    "Attic Orchestra",
    "Instruments that have been in attics, and people who have said for years that they should play again. No concert. Perhaps a window open.",
    "affinity",
    "Scout hut, The Warren",
    "Wrong notes are notes.",
    "We tune for longer than is needed.",
    "Metronomes.",
)
KEEPERS: Final = Purpose(
    "House Keepers",
    "Three flats, one garden, and the question of how to grow old in them together. We are looking at statutes, stairs and each other.",
    "house",
    "Kitchen at 9 Cooper’s End",
    "Nobody signs anything this year.",
    "Everyone brings one fear and one drawing.",
    "Estate agents.",
)
FORMING: Final = Purpose(
    "Second Drafts",
    "Four to six people who have a thing in a drawer: a song, a business, a letter to a brother. Each time one of us reads, and the others say what they would like to hear more of.",
    "support",
    "Snug at the Anchor, Ropewalk",
    "Only questions and only wonder.",
    "The reader chooses the biscuit.",
    "Red pens.",
)
OPEN: Final = Purpose(
    "Choir for People Who Don’t Sing",
    "We were all told at school to only move our lips. Six times in a room with a good echo, to find out what was under that.",
    "affinity",
    "Boathouse, Ferry Steps",
    "No solo unless begged.",
    "We begin by humming the fridge.",
    "Recordings.",
)

# Crews of larger congregations, and what people may float once the demo lives on.
MORE: Final = (
    Purpose("Second Breakfast", "A pod for people who work from home and have begun to talk to the toaster.", "support", "Bakery, Wend Bridge"),
    Purpose("Paper Boats", "We fold plans until they float. Each brings one, leaves with a smaller one.", "support", "Boating lake"),
    Purpose("The Understudies", "For those who hold everything together behind somebody else’s name.", "support", "Green room, Corn Exchange"),
    Purpose("Rent Day", "Five households that look at what is left of the month, together.", "livelihood", "Laundry at Coldharbour"),
    Purpose("Small Hours", "Parents of people who don’t sleep. Tea, no tips.", "support", "Nursery, Lantern Hill"),
    Purpose("Hedge Fund", "We plant hedges, and pay each other in plum jam.", "coop", "Gate at Saltpans Lane"),
    Purpose("Borrowed Tools", "A shed in common, and the courage to lend the good chisel.", "coop", "Arch 11, Ropewalk"),
    Purpose("Mother Tongues", "Each evening in another language, spoken badly by most and well by one.", "affinity", "Library, first floor"),
    Purpose("The Slow Count", "Bookkeepers of small good things learn together how to price them.", "livelihood", "Above the chemist’s"),
    Purpose("Windfall", "We pick what falls over fences, ask first, and press it.", "affinity", "Orchard at Upper Wend"),
    Purpose("Deep Pockets", "Freelancers who smooth each other’s months.", "livelihood", "Back room, the Anchor"),
    Purpose("Bench Press", "We build benches where people need to sit, and then sit on them.", "affinity", "Timber yard"),
    Purpose("Grown Children", "For those who look after the people who once looked after them.", "support", "Day centre, Mill Lade"),
    Purpose("Last Bus", "We live far out, and see each other on purpose.", "support", "Shelter at Nether Larkmouth"),
    Purpose("Mortar & Pestle", "A cook-owned spice shop, so far without shop.", "coop", "Market hall"),
    Purpose("Unfinished Rooms", "Six people renovating six homes on six budgets of nothing.", "affinity", "Wherever there’s a floor"),
    Purpose("Good Grief", "We have each lost someone. We eat first.", "support", "Parlour at 3 Gull Yard"),
    Purpose("The Cold Dip Society", "In at seven, out at four minutes past, honest until eight.", "affinity", "North steps"),
    Purpose("Front Room Press", "We print what our neighbours write, in runs of thirty.", "coop", "Front room, Far Bank"),
    Purpose("Tenants of Tide Street", "A street learning to negotiate as one.", "house", "Number 22"),
    Purpose("Late Starters", "Everyone here began something after fifty.", "support", "Museum café"),
    Purpose("Spare Chair", "We eat together, and there’s always one chair too many.", "support", "By turns"),
    Purpose("Solar Plexus", "A roof, some panels, and a co-op that doesn’t dread its meetings.", "coop", "School roof, then indoors"),
    Purpose("Stage Left", "Plays read aloud with more parts than people.", "affinity", "Corn Exchange cellar"),
    Purpose("Work in Progress", "Makers who show each other what isn’t ready.", "support", "Studio 4, Canal Basin"),
    Purpose("One Good Hour", "One hour for the most important thing. Then we go home.", "support", "Quaker house"),
    Purpose("Ferry Friends", "We want to buy the ferry. First we learn to want it together.", "coop", "Ferry waiting room"),
    Purpose("Odd Socks", "A pod of people who live alone and would rather not always.", "support", "Laundrette"),
    Purpose("Root Cellar", "Storing carrots and stories through the winter.", "affinity", "Cellar, Upper Wend"),
    Purpose("The Apprentices", "Everyone teaches once and learns five times.", "affinity", "Arch 12, Ropewalk"),
    Purpose("Clean Slate", "People with debts and a plan. What’s said is covered by the tablecloth.", "livelihood", "Chapel hall"),
    Purpose("Green Ink", "We write to the council, politely, until it answers.", "affinity", "Reading room"),
    Purpose("Neighbours at Nine", "Nine people? No, nine o’clock. Three doors, one stove.", "support", "Cooper’s End"),
    Purpose("Field Notes", "Walks with a notebook, in any weather that doesn’t throw things.", "affinity", "Bus stop, The Warren"),
    Purpose("Half Time", "We all work half, and practise not filling the other one.", "support", "Park café"),
)  # fmt: skip

CREW_FIRST: Final = (
    "Amber", "Quiet", "Copper", "Open", "Wild", "Blue", "Early", "Warm", "Plain", "Common", "Distant",
    "Brave", "Woollen", "Salt", "Ninth", "Kindly", "Crooked", "Round", "Patient", "Bright",
)  # fmt: skip
CREW_SECOND: Final = (
    "Lantern", "Ladle", "Orchard", "Compass", "Bench", "Kiln", "Harbour", "Ledger", "Loom", "Window",
    "Ferry", "Garden", "Chorus", "Anvil", "Bridge", "Pantry", "Rookery", "Almanac", "Hearth", "Workshop",
)  # fmt: skip

# ---- answers to ideas, requests, hellos, invitations

JOINS: Final = (
    "Count me in, and my folding chair.",
    "I’ve wanted this since before I could have said so.",
    "Yes. I’ll need a lift home.",
    "If we can end on time, I’m there every time.",
    "I bring cups.",
    "This is the first thing in months that I didn’t scroll past.",
    "With pleasure and some fear.",
    "I can do every date but one.",
    "Yes, and I know a room if yours leaks.",
    "I’d join. I talk little at first.",
)
OTHER_TIMES: Final = (
    "Lovely. Not on that evening, though: choir.",
    "I work late until the spring.",
    "Any other night and I’d be first at the door.",
    "Half an hour later and I could.",
)
REQUESTS: Final = (
    "I’ve heard you laugh through the wall of the library. I’d like to know what about.",
    "Two of you told me there’s a chair. I’d bring my own cushion and no plans to change anything.",
    "I’m new and would rather begin with a few people than with everyone.",
)
HELLOS: Final = (
    "Your sentence about the drawer could be mine. Coffee, or a slow walk along the quay?",
    "I think we’re stuck at the same spot from two sides. Shall we compare maps?",
    "Your card made me laugh and then think. I’d like more of both.",
    "I have an hour and a flask. You choose the bench.",
    "I’ve never said hello by form before. Hello.",
)
HELLO_BACKS: Final = (
    "Yes, gladly. I’m better before noon.",
    "With pleasure. I’ll be the one with the enormous scarf.",
    "A walk, please. I think in steps.",
)
INVITING: Final = (
    "We met at the repair café. Fixed my lamp and my mood.",
    "The best listener on my street.",
    "Has been doing the work of a whole crew alone; shouldn’t.",
    "Quiet at first. Wait for it.",
    "My neighbour, and the reason I know anyone.",
    "Knows more about rivers than the river does.",
    "Left the city last year and is looking for people.",
)
EXPECTED: Final = ("Bronagh Vandermeer", "Lucjan Abara", "Ottoline Nakagawa")

# ---- meetings

WORDS: Final = (
    "Ten minutes late: the ferry.", "With a cold, so I sit by the window.", "Looking forward to it.",
    "Straight from work, please have bread.", "I have to leave at half past.",
    "I’ve got news.", "Quiet tonight, if that’s all right.", "Bringing last week’s question.",
)  # fmt: skip
EXCUSES: Final = (
    "Night shift after all.", "My mother’s birthday.", "The boiler man comes, at last.",
    "Down with something. Save me a story.", "School concert. I’m page-turning.",
    "Away until Sunday.", "Too tired to be good company.",
)  # fmt: skip
BRINGS: Final = (
    "Lentil soup", "Apples from the tree", "Flatbread", "A lamp that works", "Blackberry crumble",
    "The good teapot", "Olives", "Rice and beans", "Paper and pens", "Candles", "Cheese that smells",
    "Nothing but appetite",
)  # fmt: skip
NOTES: Final = (
    "The one with the power cut. Best talk so far.",
    "Nobody looked at the clock until ten past.",
    "We found out that three of us can juggle.",
    "First time that everyone spoke before the soup was cold.",
    "A hard one. We stayed.",
    "The letter was sent. We watched it go into the box.",
    "It rained through the roof, so we sat closer.",
    "Asked for help twice, got it three times.",
    "Short and good.",
    "A silence that nobody hurried.",
    "The plan is now half as long and twice as likely.",
    "We laughed until the neighbours knocked, and then they came in.",
    "Next time: less agenda, more onions.",
    "Said out loud what all of us had thought since autumn.",
    "The dog decided the order. It worked.",
    "We moved the date of the big thing and felt lighter.",
    "Two of us had never told that to anyone.",
    "The bread failed, the evening didn’t.",
    "Somebody cried, somebody fetched a chair.",
    "We walked instead of sitting. Keep that.",
)
AGENDAS: Final = (
    "Check-in | 10\nCase clinic: whoever is stuck | 55\nCheck-out | 10",
    "Check-in | 15\nHands on | 60\nTidying up, talking | 15",
    "Eat | 30\nMoney round: one of us tells | 25\nListening round | 20",
)
# Numbers that are set apart for being invented.
HELP: Final = (
    ("To talk", "0800 555 0137", "any hour"),
    ("In danger", "112", ""),
    ("Our hosts", "Ask any of them", "that day or the next"),
)

KEEPS = "What’s said at the table stays at the table."
LEAST = "At least three of us, or we move it."
FAIR = "The work is shared fairly; nobody is forced, and it is acknowledged."

# ---- agreements: what would be ideal, what would spoil it, when and where, what each commits to, lines


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a crew writes down at its first meeting."""

    ideal: str
    spoils: str
    times: str
    commits: str
    lines: str


AGREEMENTS: Final = (
    Agreed(
        "That each of us goes home with one thing lighter.",
        "If it became another duty. If one of us always did the asking.",
        "When we said, where we said. Whoever has the turn opens the door ten minutes early.",
        "To come, or to say so by noon. Until the look-back, then we see.",
        "What is told here is not told elsewhere.\nThree of us are enough to begin.\nWe stop on time, even in the middle.",
    ),
    Agreed(
        "That we’d miss it if it weren’t there.",
        "Phones. Being late as a habit. Fixing each other.",
        "At the usual place; if it’s locked, on its steps.",
        "All the times of this cycle but one. The one is free, and needs no reason.",
        "Nobody has to speak.\nFood comes before talk.\nWhoever cooks doesn’t wash up.",
    ),
    Agreed(
        "A place where it is normal to say: I don’t know how.",
        "Comparing. Politeness when we’re cross.",
        "In turns at each other’s homes. Stairs are named beforehand.",
        "To try the one thing we said aloud, and to tell how it went.",
        "Names and figures stay at the table.\nA quarrel is said at the next meeting, not the one after.\nThe turn goes round; nobody skips twice.",
    ),
)
PINS: Final = (
    ("note", "The key hangs behind the third pot from the left. The third.", ""),
    ("note", "Allergies: nuts (one), cats (one), small talk (two).", ""),
    ("link", "The list that we share", "https://notes.example.org/ours"),
    ("note", "Parking is free after six on the canal side.", ""),
    ("chat", "", "https://chat.example.org/join/larkmouth"),
    ("note", "If the bell doesn’t work, sing.", ""),
)

# ---- look-backs

CELEBRATED: Final = (
    "That we’re still all here, and still early.",
    "The evening of the storm, with one candle for all of us.",
    "I asked. Out loud. In a sentence.",
    "The letter went off after eleven years.",
    "Laughing about the gutter until I couldn’t breathe.",
    "That nobody said “you should”.",
    "Hearing the same fear in a second voice.",
    "How the quiet ones opened up when we walked.",
    "My shed has a door.",
    "Somebody rang me the day after. That was new.",
    "We argued, and then there was pudding.",
    "That I’m less afraid of my own figures.",
)
WORKED: Final = (
    "Beginning with food.",
    "A fixed evening. I stopped asking myself whether to go.",
    "The turn going round: I prepared, for once.",
    "Being allowed to pass.",
    "Ending on time.",
    "One question each, and no more.",
    "Walking when we were stuck.",
    "A drawer for the phones.",
    "Small groups before the round.",
    "Writing for five minutes first.",
)
LESS: Final = (
    "The last half hour belongs to whoever is loudest.",
    "We say “next time” too easily.",
    "It gets too warm to think.",
    "I talk too much when I’m tired. So do two others.",
    "The way home in the dark.",
    "We plan more than we do.",
    "The washing up finds the same three people.",
)
CHANGES: Final = (
    "Start with a minute of nothing.",
    "Whoever spoke last begins next time.",
    "Every other time outside.",
    "A longer break, shorter rounds.",
    "Decide the supper a week before.",
    "One evening with only one topic.",
    "Fetch those who come by bus.",
    "The clock hangs where all can see it.",
)
# What two answers to one question have in common, when somebody groups them.
THEMES: Final = {
    "worked": "A rhythm we can lean on",
    "less": "How an evening ends",
    "change": "What we do with the time",
}
WAY_WORDS: Final = {
    "go": ("Again, please.", "I’d miss it.", "Yes, and I’ll take the first turn.", "Gladly.", ""),
    "change": ("On, but not each week.", "With a little more walking, yes.", "Yes, only shorter."),
    "rest": (
        "An operation in spring. Hold my place on the bench.",
        "I need my evenings for a while.",
    ),
    "end": (
        "It has done what I came for. Thank you.",
        "My work takes me north. It was good with you.",
    ),
}
