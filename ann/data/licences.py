"""Where the data sets come from, and on what terms; for model cards."""

SOURCES = {
    "digits": (
        "Optical Recognition of Handwritten Digits, Alpaydin and Kaynak 1998, as in scikit-learn",
        "CC BY 4.0 (UCI Machine Learning Repository).",
    ),
    "cifar10": (
        "CIFAR-10, Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
        "The authors state no license and ask to be cited. The images come from 80 Million Tiny "
        "Images, which was collected from the web and has been withdrawn.",
    ),
    "cifar100": (
        "CIFAR-100, Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
        "The authors state no license and ask to be cited. The images come from 80 Million Tiny "
        "Images, which was collected from the web and has been withdrawn.",
    ),
    "svhn": (
        "Street View House Numbers, Netzer et al. 2011, with the extra images",
        "For non-commercial use only, by the authors' page.",
    ),
    "imagenet2012": (
        "ILSVRC 2012, Russakovsky et al. 2015",
        "For non-commercial research and education, by the terms of access of ImageNet.",
    ),
    "synthetic": ("Made-up images of this package", "MIT, as this package."),
}
