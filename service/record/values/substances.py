"""Substances: whether the words of an allergy name something that is known, and that is no drug the rules judge.

An allergy list proves that somebody is not allergic to an NSAID only by entries that are understood. English words
alone do not make an entry understood: "pain pills", "see chart" and "multiple drug allergies" may mean any drug. So
an entry counts as read when each of its parts names a food, something in the surroundings, or a class of other drugs;
drugs of the RxNorm table and what the value sets name are asked for by the caller. The words are general knowledge of
allergy lists; a word too few makes a fact unknown and is named.
"""

from __future__ import annotations

import re

__all__ = ["names_known_substance", "parts_of"]

_FOOD = (
    r"foods?|(?:pea|tree |hazel|wal|chest|coco)?nuts?|almonds?|cashews?|pecans?|pistachios?|macadamias?|sesame|seeds?",
    r"eggs?|albumen|milk|dairy|lacto(?:se|albumin)|casein|whey|cheeses?|yog(?:h)?urt|wheat|glutens?|soy(?:a|beans?)?",
    r"fish|(?:shell|cat|cod)fish|seafoods?|crustaceans?|shrimps?|prawns?|crabs?|lobsters?|mollus[ck]s?|oysters?|clams?",
    r"mussels?|scallops?|squid|salmon|tuna|cod|fruits?|\w*berr(?:y|ies)|kiwis?|bananas?|avocados?",
    r"melons?|mango(?:e?s)?",
    r"pineapples?|apples?|pears?|peach(?:es)?|plums?|cherr(?:y|ies)|grapes?|citrus|oranges?|lemons?|grapefruits?",
    r"tomato(?:e?s)?|potato(?:e?s)?|vegetables?|garlic|onions?|celery|mustard|lupins?|corn|maize|oats?|barley|rye|rice",
    r"beans?|peas?|lentils?|chickpeas?|legumes?|chocolates?|cocoa|caffeine|coffee|tea|wines?|beers?",
    r"alcohol|sulph?ites?",
    r"msg|monosodium glutamate|glutamate|food (?:dyes?|colou?rings?|additives?)|red dye|beef|pork|lamb|chicken|poultry",
    r"meats?|alpha[- ]?gal|gelatine?|honey|yeasts?|spices?|cinnamon|peppers?|mushrooms?|aspartame|sweeteners?",
)
_SURROUNDINGS = (
    r"pollens?|grass(?:es)?|ragweed|weeds?|trees?|birch|hay ?fever|dust|mites?|mou?lds?|fung(?:us|i)|spores?|danders?",
    r"fur|cats?|dogs?|horses?|rabbits?|guinea pigs?|hamsters?|rodents?|cows?|feathers?|animals?|pets?|insects?|bees?",
    r"wasps?|hornets?|yellow ?jackets?|ants?|mosquito(?:e?s)?|venoms?|stings?|cockroach(?:es)?|latex|rubber|nickel",
    r"cobalt|chrom(?:ium|ate)|metals?|adhesives?|tapes?|plasters?|tegaderm|dermabond|elastoplast|band-?aids?",
    r"bandages?|perfumes?|fragrances?|cosmetics?|soaps?|detergents?|formaldehyde|parabens?|lanolin",
    r"wool|silk|hair dye|phenylenediamine",
    r"thi(?:o)?mersal|thimerosal|balsam of peru|colophony|poison (?:ivy|oak|sumac)",
    r"sun(?:light|screens?)?|smoke|tobacco",
    r"chlorine|bleach|environment(?:al)?s?|seasonal|plants?|flowers?|jewel(?:le)?ry|henna|acrylates?|silicone",
)
_OTHER_DRUGS = (
    r"\w*penicillins?|pcn|beta[- ]?lactams?|cepha\w+|cef\w+|carbapenems?|amox\w*|augmentin|clavulan\w+|ampicillin",
    r"sul(?:f|ph)as?|sul(?:f|ph)on?amides?|bactrim|septra|septrin|co-?trimoxazole|keflex|macrolides?|z-?pac?k",
    r"(?:fluoro)?quinolones?|tetracyclines?|aminoglycosides?|glycopeptides?|antibiotics?",
    r"antibacterials?|anti-?fungals?",
    r"anti-?virals?|anti-?malarials?|vaccines?|flu shots?|tetanus(?: toxoid)?|statins?|ace[- ]?(?:i|inhibitors?)",
    r"angiotensin[- ]converting[- ]enzyme inhibitors?|angiotensin (?:ii )?receptor (?:blockers?|antagonists?)|arbs?",
    r"beta[- ]?(?:adrenergic )?blockers?|calcium[- ]channel[- ]blockers?|thiazides?",
    r"(?:loop )?diuretics?|anti-?histamines?",
    r"opioids?|opiates?|narcotics?|benzodiazepines?|barbiturates?|ssris?|snris?|tricyclics?",
    r"anti-?depressants?|triptans?",
    r"anti-?psychotics?|phenothiazines?|anti-?convulsants?|anti-?epileptics?|hydantoins?|anti-?coagulants?|heparins?",
    r"blood products?|transfusions?|immun(?:e )?oglobulins?|taxanes?|platinum(?: compounds?)?|nitrates?|antacids?",
    r"laxatives?|iron|vitamins?|(?:o?estro|proge\w+)gens?|contraceptives?|bisphosphonates?|anti-?emetics?|h2 blockers?",
)
_SUBSTANCES = re.compile(rf"\b(?:{'|'.join((*_FOOD, *_SURROUNDINGS, *_OTHER_DRUGS))})\b", re.IGNORECASE)

_FILLING = frozenset(
    {
        *("a", "all", "allergic", "allergies", "allergy", "an", "anaphylactic", "anaphylaxis"),
        *("and", "angioedema", "any", "asthma", "bronchospasm", "by", "class", "cough"),
        *("derivative", "derivatives", "diarrhea", "diarrhoea", "disorder", "drug", "drugs", "due"),
        *("finding", "group", "gi", "hives", "in", "induced", "intolerance", "intolerant"),
        *("itch", "itching", "mild", "moderate", "nausea", "of", "or", "organism"),
        *("product", "products", "rash", "reaction", "reactions", "related", "sensitivity", "severe"),
        *("situation", "substance", "swelling", "the", "to", "type", "unspecified", "upset"),
        *("urticaria", "vomiting", "with"),
    }
)
"""Words that name no substance: how somebody reacts, and how it is said."""
_PART = re.compile(r"\s*(?:[,;&+/\n()]|\band\b|\bor\b|\bplus\b)\s*", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


def parts_of(text: str) -> list[str]:
    """What the text of an allergy lists, one by one; parts that only say how somebody reacts are left out."""
    parts = (part for part in _PART.split(text) if part)
    return [part for part in parts if not all(word.casefold() in _FILLING for word in _WORD.findall(part))]


def names_known_substance(part: str) -> bool:
    """Whether a part names a food, something in the surroundings, or a class of drugs that no rule judges."""
    return _SUBSTANCES.search(part) is not None
