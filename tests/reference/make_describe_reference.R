# Writes describe_lung.csv, describe_mgus2.csv and describe_reference.json beside this script: R's values for the
# baseline table (tests, quartiles, standardized differences). Run: Rscript tests/reference/make_describe_reference.R
suppressMessages({library(survival); library(jsonlite); library(MASS)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))

lung <- survival::lung
lung$sex <- ifelse(lung$sex == 1, "Male", "Female")
lung$ecog <- ifelse(is.na(lung$ph.ecog), NA, paste0("ECOG", lung$ph.ecog))
lung$status <- ifelse(lung$status == 2, "dead", "alive")
lung$inst <- ifelse(is.na(lung$inst), NA, sprintf("I%02d", lung$inst))
lung <- lung[, c("inst", "sex", "ecog", "status", "age", "ph.karno", "meal.cal", "wt.loss")]
names(lung) <- sub("\\.", "_", names(lung))
mgus <- survival::mgus2
mgus$agegrp <- as.character(cut(mgus$age, c(0, 55, 65, 75, 100), c("A", "B", "C", "D")))
mgus$progressed <- ifelse(mgus$pstat == 1, "yes", "no")
mgus$sex <- ifelse(mgus$sex == "M", "Male", "Female")
mgus <- mgus[, c("sex", "agegrp", "progressed", "hgb", "creat", "mspike")]
write.csv(lung, file.path(here, "describe_lung.csv"), row.names = FALSE, na = "")
write.csv(mgus, file.path(here, "describe_mgus2.csv"), row.names = FALSE, na = "")
data <- list(lung = lung, mgus2 = mgus)

cell <- function(d, variable, by, test, statistic, p, first = 0)
  list(data = d, variable = variable, by = by, test = test, statistic = unname(statistic), p_value = p, first = first)

smd_numeric <- function(x, g) {
  parts <- split(x[!is.na(x)], g[!is.na(x)])
  best <- 0
  for (pair in combn(parts, 2, simplify = FALSE)) {
    a <- pair[[1]]; b <- pair[[2]]
    if (min(length(a), length(b)) < 2) next
    best <- max(best, abs(mean(a) - mean(b)) / sqrt((var(a) + var(b)) / 2))
  }
  best
}
smd_category <- function(x, g) {
  t <- prop.table(table(x, g), 2)
  best <- 0
  for (pair in combn(ncol(t), 2, simplify = FALSE)) {
    p <- t[-1, pair[1]]; q <- t[-1, pair[2]]
    cov1 <- function(v) diag(v, length(v)) - v %*% t(v)
    s <- (cov1(p) + cov1(q)) / 2
    best <- max(best, sqrt(drop(t(p - q) %*% MASS::ginv(s) %*% (p - q))))
  }
  best
}

tests <- list(); smds <- list(); quartiles <- list()
numeric_pairs <- list(c("lung", "wt_loss", "sex"), c("lung", "meal_cal", "sex"), c("lung", "age", "sex"),
  c("lung", "age", "ecog"), c("lung", "wt_loss", "ecog"), c("mgus2", "hgb", "progressed"), c("mgus2", "creat", "sex"),
  c("mgus2", "mspike", "agegrp"), c("mgus2", "creat", "agegrp"))
for (k in numeric_pairs) {
  d <- data[[k[1]]]; x <- d[[k[2]]]; g <- factor(d[[k[3]]])
  if (nlevels(g) == 2) {
    w <- suppressWarnings(wilcox.test(x ~ g))
    tests <- c(tests, list(cell(k[1], k[2], k[3], "wilcoxon_w", w$statistic, w$p.value)))
  } else {
    w <- kruskal.test(x ~ g)
    tests <- c(tests, list(cell(k[1], k[2], k[3], "kruskal_h", w$statistic, w$p.value)))
  }
  smds <- c(smds, list(list(data = k[1], variable = k[2], by = k[3], smd = smd_numeric(x, g))))
  for (level in levels(g)) quartiles <- c(quartiles, list(list(data = k[1], variable = k[2], by = k[3], group = level,
    n = sum(g == level & !is.na(x), na.rm = TRUE), points = unname(quantile(x[which(g == level)], c(.5, .25, .75), na.rm = TRUE)))))
}
# The exact rank-sum test: distinct values, fewer than 50 a group (the first patient of each age among the first 60).
few <- lung[1:60, ]; few <- few[!duplicated(few$age), ]
w <- wilcox.test(age ~ factor(sex), few)
tests <- c(tests, list(cell("lung", "age", "sex", "wilcoxon_exact_w", w$statistic, w$p.value, first = 60)))

category_pairs <- list(c("lung", "status", "sex"), c("mgus2", "sex", "agegrp"), c("mgus2", "progressed", "agegrp"),
  c("mgus2", "progressed", "sex"))
for (k in category_pairs) {
  d <- data[[k[1]]]; t <- table(d[[k[2]]], d[[k[3]]])
  w <- chisq.test(t, correct = FALSE)
  stopifnot(min(w$expected) >= 5)
  tests <- c(tests, list(cell(k[1], k[2], k[3], "pearson_chisq", w$statistic, w$p.value)))
  smds <- c(smds, list(list(data = k[1], variable = k[2], by = k[3], smd = smd_category(d[[k[2]]], d[[k[3]]]))))
}
w <- fisher.test(table(lung$ecog, lung$sex))
tests <- c(tests, list(cell("lung", "ecog", "sex", "fisher_p", w$p.value, w$p.value)))
smds <- c(smds, list(list(data = "lung", variable = "ecog", by = "sex", smd = smd_category(lung$ecog, lung$sex))))

tables <- list(
  matrix(c(3, 1, 1, 3), 2), matrix(c(10, 2, 3, 15), 2), matrix(c(0, 7, 9, 1), 2),
  matrix(c(313, 46, 96, 8, 31, 2, 12, 4), 2), matrix(c(350, 9, 100, 4, 33, 0, 15, 1), 2),
  matrix(c(4, 2, 0, 1, 5, 3, 2, 2, 6), 3), matrix(c(20, 11, 3, 4, 5, 9, 1, 0, 2, 6, 1, 2), 3),
  matrix(c(8, 3, 1, 0, 2, 4, 3, 1, 1, 2, 5, 4), 4), matrix(c(103, 130, 109, 30, 33, 38, 2, 6, 8), 3))
fisher <- lapply(tables, function(t) list(table = t, p_value = fisher.test(t, workspace = 2e7)$p.value))
json <- list(r = R.version.string, tests = tests, smds = smds, quartiles = quartiles, fisher = fisher)
writeLines(toJSON(json, auto_unbox = TRUE, digits = I(15), matrix = "rowmajor", pretty = TRUE), file.path(here, "describe_reference.json"))
