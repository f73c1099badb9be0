"""Drug words: the words of a drug's text that name no active ingredient. Data, no logic. All plain (no accents)."""

from __future__ import annotations


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


UNITS = _words(
    "mg mgs mcg ug mug g gm gms gram grams kg ng milligram milligrams microgram micrograms mikrogramm meq mmol mval",
)
UNITS |= _words(
    "unit units unt ie iu ui u mu milliunits einheiten unidades unites percent vol pct ir sqcm",
)
VOLUMES = _words(
    "ml l dl cc milliliter milliliters ampoule ampul hr hour hours stunde heure hora h",
    "actuat actuation dose doses puff spray day sqcm cm2 g mg",
    "drop",
)

SALTS = _words(
    "hydrochloride hcl hydrobromide hbr sulfate sulphate sulf sodium natrium sodique sodica sodico potassium kalium",
    "potasico potassique calcium calcique magnesium zinc acetate citrate maleate tartrate bitartrate bitart",
    "succinate succ tart fumarate fum phosphate phos mesylate mesilate besylate besilate chloride cl bromide",
    "propionate furoate carbonate gluconate lactate nitrate mononitrate dinitrate monohydrate dihydrate trihydrate",
    "hemihydrate anhydrous hyclate pamoate palmitate stearate ethylsuccinate xinafoate etexilate medoxomil",
    "cilexetil axetil proxetil disoproxil alafenamide lysinate lysine arginine tromethamine trometamol epolamine",
    "diethylamine olamine benzoate salicylates tosylate tosilate esylate estolate valerate dipropionate enanthate",
    "decanoate cypionate human recombinant base salt salz sel hydrochlorid hydrobromid succinat tartrat maleat",
    "mesilat mesylat besilat besylat fumarat sulfat phosphat citrat acetat carbonat clorhidrato chlorhydrate",
    "clorhidrat sulfato maleato tartrato succinato acetato fosfato besilato bromhydrate bromhidrato acid kal pot",
    "hyd dih",
)

FORMS = _words(
    "strip strips toothpaste mouthwash rinse stick bar",
    "tab tabs tablet tablets tbl tablette tabletten comprime comprimes comprimido comprimidos compressa compresse",
    "cpr cp cap caps capsule capsules kapsel kapseln gelule gelules capsula capsulas caplet caplets pill pills",
    "dragee dragees gel gels gelcap gelcaps softgel softgels liquigel liquigels liqui emulgel schmerzgel cream",
    "creme creams crema ointment oint salbe pommade pomada lotion foam paste film filmtabletten filmtablette",
    "solution soln sol losung solucion suspension susp suspensie syrup sirup sirop jarabe elixir drops drop gtt",
    "gtts tropfen augentropfen gouttes collyre gotas colirio spray aerosol inhaler inhalation inh hfa diskus",
    "respimat handihaler turbuhaler ellipta respiclick nebulizer nebulized neb nebs powder pulver poudre polvo",
    "granules granulat packet packets sachet sachets sobre sobres injection inj injectable injektion inyectable",
    "inyeccion infusion ampoule ampoules ampul ampulle ampullen ampolla vial vials syringe prefilled pen pens",
    "pen-injector autoinjector auto-injector injector cartridge kwikpen flexpen solostar flextouch patch patches",
    "pflaster transdermal system parche parches emplatre plaster pad pads lozenge lozenges troche wafer gum",
    "suppository suppositories zapfchen suppositoire supositorio enema implant ring pellet pack dosepak dosepack",
    "pak kit bottle box oil shampoo soap emulsion liquid oral mouth po orale orally buccal sublingual sl nasal nose",
    "ophthalmic ophth ophthal opht eye eyes ocular otic ear ears topical top topically rectal pr vaginal vag",
    "intravenous iv intramuscular im subcutaneous subcut sc sq subq intrathecal intraarticular epidural cutaneous",
    "skin inhaled disintegrating odt chewable chew chewtabs effervescent brausetabletten effervescents soluble",
    "dispersible orodispersible coated enteric ec dr er xr xl sr cr la cd xt ir sa retard lp mr extended delayed",
    "sustained controlled prolonged immediate modified release rel ret release-tab hour hours hr hrs uno forte plus",
    "mite duo rapid fast acting quick actuation actuations medicated local extra regular maximum max strength str",
    "low high dose dosage adult adults child children childrens pediatric junior infant kids baby senior",
    "therapeutic generic brand equivalent eq ds ss abuse deterrent once twice daily aqueous sterile preservative",
    "unit metered dry multi single use flush flushes lock",
)

PLAIN_WORDS = _words(
    "routine adrenal",
    "the a an of for in on at to as is be or per by from each every other than this that my own if when while until",
    "der die das den le la les de du des el los las del pour para fur bei bis am im zur je jour dia tag taglich",
    "tagl i o un una une ein eine morning evening night nightly noon bedtime bed hs pm qd qday q bid tid qid qam",
    "qpm qhs prn daily weekly monthly day days week weeks month months year times time x twice once needed",
    "necessary pain schmerz schmerzen douleur dolor fever sleep anxiety spasm spasms headache nausea blood pressure",
    "cholesterol take taking takes taken tomar prendre nehmen use apply applied inject give given one two three",
    "four half food meal meals water milk empty stomach full glass not available unknown otc rx sig disp dispense",
    "refill refills qty quantity number no nr count ct max maximum patient home med medication medications medicine",
    "drug drugs prescription tablet(s) capsule(s) low-dose flavor flavored cherry orange grape lemon mint berry",
    "strawberry sugar free usp nf bp eur ph white yellow blue red green pink round oval scored n non new old us uk",
    "bedarf morgens mittags abends nachts einmal zweimal dreimal viermal taglich taeglich nach vor essen besoin",
    "ref lot exp historical reported current previous active discontinued",
)

COMPANIES = _words(
    "teva sandoz mylan apotex apo novo ratio ratiopharm ratio-ratiopharm pms gen nu ran jamp auro act actavis stada",
    "hexal heumann aristo zentiva accord sun dr reddys lupin cipla zydus aurobindo cadila torrent pfizer merck",
    "novartis bayer roche gsk biogaran arrow eg cristers normon cinfa kern ratiomed al abz ct puren basics 1a",
    "pharma watson greenstone major rugby perrigo equate kirkland walgreens cvs walmart target leader goodsense",
    "topcare mcneil par amneal hikma camber unichem macleods ascend",
)

QUALIFIERS = _words(
    "macrocrystals macrocrystal isophane regular nph lente mixed conjugated esterified micronized product substance"
)
"""What follows an ingredient after a comma or in brackets and is not another one."""

EXPLAINED = QUALIFIERS | UNITS | VOLUMES | SALTS | FORMS | PLAIN_WORDS | COMPANIES
"""Words that stand beside a name and name no ingredient of their own."""

STRONG_JOINERS = frozenset({"/", "+", "&", "and", "und", "et", "y", "e", "with", "mit", "avec", "con", "plus", "w"})
"""What stands between two ingredients of one product."""

WEAK_JOINERS = frozenset({",", ";", ":"})

INSTRUCTIONS = frozenset(
    {"sig", "take", "takes", "taking", "apply", "inject", "give", "tomar", "prendre", "nehmen", "einnehmen"}
)
"""Words with which the instructions begin; what follows names no ingredient of the product."""

ORDINARY_BRANDS = frozenset(
    {"dragon", "genesis", "perform", "sonata", "soma", "twilite", "halls", "vanquish", "tact", "cambia"}
)
"""Brands that are ordinary words: beside words that are not known ("dragon fruit") they are not taken for the brand."""

CARRIERS = frozenset(
    {"water", "sodium chloride", "dextrose", "glucose", "potassium chloride", "ethanol", "alcohol", "potassium"}
)
CARRIERS |= frozenset(
    {"menthol", "camphor", "oxygen", "calcium", "iron", "magnesium", "zinc", "caffeine", "glycerin", "sodium"}
)
"""Ingredients that are often in a product beside the one it is taken for; they alone do not say what it is."""

DEVICES = r"\b(?:batter(?:y|ies)|stents?|catheters?|magnets?|jewell?ery|test\s+strips?)\b"
MADE_OF_DRUGS = rf"\b([a-z]+)[-\s]+(?:(?:coated|ion|eluting|impregnated)[-\s]+)*{DEVICES}"
"""Devices named after a drug: the name in "lithium battery" or "heparin-coated stent" is no drug."""

NEVER_DRUGS = (
    r"\b(?:vaccines?|toxoid|impfstoff|vaccin|vacuna|test\s+strips?|lancets?|lancing|glucometer|glucose\s+meter|batter(?:y|ies)"
    r"|magnets?|jewell?ery|stockings?|wheelchair|thermometer)\b"
)
"""Vaccines and devices: an entry of one is no drug, unless it names an ingredient or tells a strength."""

NO_MEDICATION = (
    r"(?:no|nil|none|keine|aucun|sin|ningun)\b(?:\s+(?:known|current|regular|bekannte|connu))*"
    r"\s*(?:drugs?|medic\w+)?\s*"
)
"""The whole text of an entry which says that nothing is taken."""

SUPPLIES = (
    r"\b(?:alcohol\s+(?:swabs?|pads?|preps?|wipes?)|pen\s+needles?|needles?|syringes?|swabs?|prep\s+pads?|bandages?|gauze|dressings?|walker|crutch(?:es)?|braces?"
    r"|tens\s+unit|cpap|spacer|sharps\s+container|gloves?|diapers?|nutrition\w*\s+supplement|meter)\b"
)
"""Supplies on medication lists; beside another word that is not known ("xyzolin syringe") they say nothing."""
