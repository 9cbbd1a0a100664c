"""Invented sentences, drawn with a seeded random source so that the same seed gives the same edition."""

from random import Random

FIRST = [
    "Adaeze",
    "Alma",
    "Amir",
    "Anneli",
    "Arjun",
    "Astrid",
    "Beatriz",
    "Bilal",
    "Carmen",
    "Chiara",
    "Daiki",
    "Dalia",
    "Dimitra",
    "Eero",
    "Elif",
    "Emeka",
    "Esra",
    "Fatou",
    "Felipe",
    "Freya",
    "Gustavo",
    "Hana",
    "Hiroko",
    "Ines",
    "Ingrid",
    "Ivana",
    "Jakub",
    "Jelena",
    "Jonas",
    "Kaito",
    "Karim",
    "Katarzyna",
    "Kofi",
    "Laila",
    "Leandro",
    "Lien",
    "Lucía",
    "Maëlle",
    "Magnus",
    "Marek",
    "Mei",
    "Milan",
    "Mira",
    "Nadia",
    "Naoko",
    "Niamh",
    "Noor",
    "Olga",
    "Oskar",
    "Paolo",
    "Petra",
    "Priya",
    "Rafael",
    "Ren",
    "Rosa",
    "Samira",
    "Santiago",
    "Selma",
    "Sindre",
    "Sofía",
    "Soledad",
    "Tadeo",
    "Tariq",
    "Tomasz",
    "Uma",
    "Vera",
    "Viktor",
    "Wanjiru",
    "Xin",
    "Yara",
    "Yusuf",
    "Zofia",
]
LAST = [
    "Abebe",
    "Aksoy",
    "Almeida",
    "Anand",
    "Bakker",
    "Baptiste",
    "Barros",
    "Bergström",
    "Bianchi",
    "Boateng",
    "Brandt",
    "Castillo",
    "Chaudhry",
    "Ćirić",
    "Costa",
    "Dahl",
    "Demir",
    "Diallo",
    "Dubois",
    "Eriksen",
    "Farouk",
    "Fischer",
    "Fontaine",
    "Fujita",
    "García",
    "Haddad",
    "Halvorsen",
    "Hernández",
    "Horvat",
    "Ibrahim",
    "Ito",
    "Jansen",
    "Kamau",
    "Kaplan",
    "Keller",
    "Khan",
    "Kovács",
    "Kowalska",
    "Kumar",
    "Lindgren",
    "Lund",
    "Marino",
    "Mbeki",
    "Mendes",
    "Moreau",
    "Nakamura",
    "Nguyen",
    "Novák",
    "Nowak",
    "Okafor",
    "Olsen",
    "Ortega",
    "Park",
    "Petrov",
    "Popescu",
    "Quispe",
    "Rahman",
    "Ramos",
    "Rossi",
    "Saito",
    "Sánchez",
    "Schneider",
    "Silva",
    "Šmid",
    "Sørensen",
    "Suzuki",
    "Szabó",
    "Takeda",
    "Thapa",
    "Torres",
    "Vargas",
    "Virtanen",
    "Weber",
    "Wójcik",
    "Yilmaz",
    "Yoon",
    "Zhang",
    "Zielińska",
]
# institution, town, country, mail domain
HOMES = (
    ("Alpine Institute for Computing", "Chamoix", "France", "aic.example"),
    ("Baltic Supercomputing Centre", "Tallsund", "Estonia", "bsc-baltic.example"),
    ("Bergen Fjord University", "Bergvik", "Norway", "bfu.example"),
    ("Cascade National Laboratory", "Pinewater", "USA", "cascade-lab.example"),
    ("Coral Bay University", "Coral Bay", "Australia", "coralbay.example"),
    ("Danube Technical University", "Donaustadt", "Austria", "dtu-danube.example"),
    ("Highland Research Computing", "Glenmore", "UK", "highland-rc.example"),
    ("Iberian Exascale Centre", "Villanueva", "Spain", "iec.example"),
    ("Kyo Institute of Science", "Kyohara", "Japan", "kyo-science.example"),
    ("Lakeside University", "Port Lakeside", "Canada", "lakeside.example"),
    ("Lowlands Data Centre", "Waterdam", "Netherlands", "lowlands-dc.example"),
    ("Mesa State Laboratory", "Red Mesa", "USA", "mesa-lab.example"),
    ("Northern Lights Computing", "Rovala", "Finland", "nlc.example"),
    ("Nile Delta University", "Rashidiya", "Egypt", "ndu.example"),
    ("Pampa Institute of Technology", "Rosales", "Argentina", "pampa-tech.example"),
    ("Pearl River Academy", "Zhujiang", "China", "pearl-academy.example"),
    ("Rift Valley University", "Nakuru Heights", "Kenya", "rvu.example"),
    ("Savanna Machine Intelligence", "Accra Hills", "Ghana", "savanna-mi.example"),
    ("Tiber University", "Monteverde", "Italy", "tiber.example"),
    ("Vistula Polytechnic", "Wiślany", "Poland", "vistula.example"),
    ("Western Ghats Institute", "Malnad", "India", "wgi.example"),
    ("Yarra Computing", "Eastmoor", "Australia", "yarra.example"),
)
METHODS = (
    "Graph Neural Surrogates", "Physics-Informed Networks", "Asynchronous Data Parallelism", "Gradient Compression",
    "Mixed-Precision Training", "Generative Emulators", "Pipeline Parallelism", "Learned Preconditioners",
    "Checkpointing at Scale", "Neural Operators", "Sparse Attention", "Reinforcement Learning for Job Placement",
    "Elastic All-Reduce", "Streaming Data Loaders", "Uncertainty-Aware Ensembles", "Second-Order Optimisers",
)  # fmt: skip
GOALS = (
    "Regional Climate Downscaling", "Turbulent Combustion", "Cryo-EM Reconstruction", "Lattice Field Theory",
    "Tokamak Disruption Forecasts", "Protein Docking", "Seismic Inversion", "Materials Screening",
    "Cosmological N-Body Simulation", "Detector Simulation", "Weather Nowcasting", "Aerosol Transport",
    "Crop Yield Models", "Molecular Dynamics", "Galaxy Morphology", "Ocean Eddy Detection",
)  # fmt: skip
ENDINGS = (
    "on 1,024 Accelerators", "beyond a Petaflop", "with Bounded Staleness", "from Sparse Observations",
    "under a Fixed Energy Budget", "without Hyperparameter Search", "in Half Precision", "across Two Sites",
    "with Reproducible Reductions", "at the Edge of Memory", "for Production Workflows", "on Heterogeneous Nodes",
)  # fmt: skip
SYSTEMS = (
    ("Aurelia", "1,024", "64-core x86", "4 x A-class GPU", "dragonfly, 200 Gbit/s"),
    ("Borealis", "512", "48-core Arm", "none", "fat tree, 100 Gbit/s"),
    ("Cumulus", "256", "32-core x86", "8 x B-class GPU", "rail-optimised, 400 Gbit/s"),
    ("Delta-9", "96", "72-core Arm", "4 x superchip", "slingshot-like, 200 Gbit/s"),
)
SOFTWARE = (
    ("PyTorch", "2.9.1", "https://pytorch.example/"),
    ("Horovod", "0.28.1", "https://horovod.example/"),
    ("JAX", "0.8.0", "https://jax.example/"),
    ("Open MPI", "5.0.6", "https://openmpi.example/"),
)
DATASETS = (
    ("ImageNet", "ILSVRC 2012", "ImageNet-1K, training and validation", "research only", "https://imagenet.example/"),
    ("ERA-like reanalysis", "v3.1", "1990-2019, 0.25 degrees", "CC BY 4.0", "https://reanalysis.example/"),
    ("OpenCatalyst-like slabs", "2023-04", "IS2RE 460k", "CC BY 4.0", "https://slabs.example/"),
)
BENCHMARKS = (
    ("MLPerf", "Training v4.0, ResNet-50, closed division"),
    ("ResNet-50/ImageNet-1K", "top-1 to 75.9 %"),
    ("other", "strong scaling of our own mini-app"),
)
SUBJECTS = (
    "The proposed scheme", "Our implementation", "The communication layer", "A straggler", "The surrogate model",
    "Each worker", "The reduced problem", "The input pipeline", "A larger batch", "The learning rate schedule",
    "The reference solver", "Every checkpoint", "The measured overhead", "The loss of the ensemble",
)  # fmt: skip
VERBS = (
    "reduces", "hides", "dominates", "replaces", "exposes", "balances", "amortises", "predicts", "bounds", "preserves",
    "overlaps with", "depends on", "limits", "approximates",
)  # fmt: skip
OBJECTS = (
    "the time to solution", "the cost of the global reduction", "the memory footprint of the activations",
    "the variance of the gradient", "the time spent in the file system", "the residual of the coarse grid",
    "the number of synchronisation points", "the accuracy on unseen seasons", "the energy drawn by a node",
    "the bandwidth of the interconnect", "the error of the baseline", "the tail of the step time",
)  # fmt: skip
CLAUSES = (
    "when the number of nodes is doubled", "for all but the smallest problem", "as long as the halo is kept in cache",
    "which agrees with the model of the previous section", "once the warm-up phase is over",
    "at the price of one further buffer", "in all of the five repetitions", "even with a degraded link",
    "because the messages are small", "within the error bars of the experiment",
)  # fmt: skip
PRAISE = (
    "The evaluation goes up to a scale that few groups reach, and the raw logs are promised.",
    "The writing is clear and the limits of the method are stated where they matter.",
    "The comparison with a well-tuned baseline is fair, which is rarer than it should be.",
    "The idea is simple, and the ablation shows which part of it carries the gain.",
    "The performance model predicts the measured curve within a few per cent.",
)
BLAME = (
    "The strong-scaling figure stops just where the interesting part would begin.",
    "It is not said how often each run was repeated, and no spread is given.",
    "The data set is described by its name only; its version and the split are needed.",
    "The related work leaves out the asynchronous methods that solve a similar problem.",
    "Half of the gain may come from the newer software release; please separate the two.",
)
TRACE = (
    "Software releases and node counts are complete; a commit of the training script is missing.",
    "I could rerun the small case from the record as given, and the loss agreed to two digits.",
    "The hardware is described well; the seed and the order of the data are not.",
    "The record answers all that I would ask; the licence of the data set should be stated.",
)


def full_name(random: Random) -> str:
    return f"{random.choice(FIRST)} {random.choice(LAST)}"


def mailbox(name: str, domain: str, number: int) -> str:
    """A unique address of an invented person, ASCII only."""
    plain = name.casefold().encode("ascii", "ignore").decode().replace(" ", ".")
    return f"{plain}.{number}@{domain}"


def title(random: Random) -> str:
    return f"{random.choice(METHODS)} for {random.choice(GOALS)} {random.choice(ENDINGS)}"


def sentence(random: Random) -> str:
    return f"{random.choice(SUBJECTS)} {random.choice(VERBS)} {random.choice(OBJECTS)} {random.choice(CLAUSES)}."


def paragraph(random: Random, words: int) -> str:
    """Sentences until there are at least `words` words."""
    text: list[str] = []
    while sum(len(part.split()) for part in text) < words:
        text.append(sentence(random))
    return " ".join(text)


def review_text(random: Random) -> dict[str, str]:
    """The four text fields of a review, together about 370 words, and sometimes a note to the chairs."""
    return {
        "summary": paragraph(random, 90),
        "strengths": "\n".join(f"- {line}" for line in random.sample(PRAISE, 3)) + "\n\n" + paragraph(random, 60),
        "weaknesses": "\n".join(f"- {line}" for line in random.sample(BLAME, 3)) + "\n\n" + paragraph(random, 90),
        "reproducibility": random.choice(TRACE) + " " + paragraph(random, 25),
        "for_chairs": random.choice(("", "", "I would be glad to hear what the others think before we decide.")),
    }
