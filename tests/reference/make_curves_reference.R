# Makes the values in curves_reference.json: weighted curves, restricted means, tests and regressions of curves, rates.
# Run it in this folder: Rscript make_curves_reference.R   (R >= 4.2; survival >= 3.5, cmprsk, jsonlite)
library(survival)
library(cmprsk)
library(jsonlite)

values <- list()
put <- function(key, value) values[[key]] <<- unname(as.vector(value))

# Weights that can be made again anywhere: no two patients in a row alike, the mean near 1.
weigh <- function(n) 0.3 + ((7 * seq_len(n)) %% 11) / 7

lung <- read.csv("lung.csv")
mgus2 <- read.csv("mgus2.csv")
heart <- read.csv("heart.csv")
sim <- read.csv("sim512.csv")
extreme <- read.csv("extreme.csv")
pbc <- read.csv("pbc.csv")
veteran <- read.csv("veteran.csv")
for (name in c("lung", "mgus2", "heart", "sim", "extreme", "pbc", "veteran")) {
  data <- get(name)
  data$w <- weigh(nrow(data))
  assign(name, data)
}

# --- weighted curves with robust standard errors --------------------------------------------------------------------------
weighted <- function(key, y, data, cluster = NULL, weights = data$w) {
  if (is.null(cluster)) cluster <- seq_len(nrow(data))
  for (ci in c("log-log", "log", "plain")) {
    fit <- survfit(y ~ 1, weights = weights, cluster = cluster, robust = TRUE, conf.type = ci)
    at <- unique(round(seq(1, length(fit$time), length.out = 15)))
    put(paste0(key, ".limits.", ci), c(fit$lower[at], fit$upper[at]))
    put(paste0(key, ".median_ci.", ci), summary(fit)$table[c("median", "0.95LCL", "0.95UCL")])
    q <- quantile(fit, c(0.25, 0.75))
    put(paste0(key, ".quartiles.", ci), c(q$quantile, q$lower, q$upper))
  }
  put(paste0(key, ".time"), fit$time[at])
  put(paste0(key, ".surv"), fit$surv[at])
  put(paste0(key, ".se"), summary(fit, times = fit$time[at])$std.err)
  put(paste0(key, ".sums"), c(fit$n.risk[at], fit$n.event[at], fit$n.censor[at]))
}
weighted("lung.weighted", with(lung, Surv(time, event)), lung)
weighted("lung.by_inst", with(lung, Surv(time, event)), lung, lung$inst)
weighted("lung.robust", with(lung, Surv(time, event)), lung, weights = rep(1, nrow(lung)))
weighted("mgus2.weighted", with(mgus2, Surv(futime, death)), mgus2)
weighted("heart.by_id", with(heart, Surv(start, stop, event)), heart, heart$id)
weighted("heart.rows", with(heart, Surv(start, stop, event)), heart, heart$id, rep(1, nrow(heart)))
weighted("sim512.weighted_entry", with(sim, Surv(entry, time, event)), sim)
weighted("sim512.by_center", with(sim, Surv(entry, time, event)), sim, sim$center)
weighted("pbc.weighted", with(pbc, Surv(time, status == 2)), pbc)
weighted("veteran.weighted", with(veteran, Surv(time, status)), veteran)
inner <- extreme[extreme$x < 60, ]
weighted("extreme.weighted_entry", with(inner, Surv(entry, time, event)), inner)

# --- restricted means: survRM2's formulas, and the infinitesimal jackknife integrated under weights ------------------------
# Area under the curve and its standard error to tau; robust: from the matrix of influences on S (clusters x times).
rmst <- function(y, tau, weights = NULL, cluster = NULL) {
  if (is.null(weights)) {
    fit <- survfit(y ~ 1)
    found <- summary(fit, rmean = tau)$table
    return(unname(found[c("rmean", "se(rmean)")]))
  }
  fit <- survfit(y ~ 1, weights = weights, cluster = cluster, robust = TRUE, influence = 1)
  keep <- fit$time < tau
  width <- diff(c(fit$time[keep], tau))
  value <- min(fit$time[1], tau) + sum(width * fit$surv[keep])
  c(value, sqrt(sum((fit$influence.surv[, keep, drop = FALSE] %*% width)^2)))
}
contrast <- function(key, one, other) {
  gap <- c(one[1] - other[1], sqrt(one[2]^2 + other[2]^2))
  put(paste0(key, ".difference"), c(gap, gap[1] + c(-1, 1) * qnorm(0.975) * gap[2], gap[1] / gap[2]))
  log_se <- sqrt((one[2] / one[1])^2 + (other[2] / other[1])^2)
  log_ratio <- log(one[1] / other[1])
  put(paste0(key, ".ratio"), c(exp(log_ratio), log_se, exp(log_ratio + c(-1, 1) * qnorm(0.975) * log_se), log_ratio / log_se))
}
restricted <- function(key, data, group, tau, y) {
  for (kind in c("plain", "weighted", "clustered")) {
    found <- lapply(0:1, function(g) {
      rows <- group == g
      ids <- if (kind == "clustered") data$cluster[rows] else seq_len(sum(rows))
      rmst(y[rows], tau, if (kind != "plain") data$w[rows], ids)
    })
    put(paste0(key, ".", kind, ".means"), unlist(found))
    contrast(paste0(key, ".", kind), found[[2]], found[[1]])
  }
}
lung$cluster <- lung$inst
mgus2$cluster <- mgus2$dxyr
heart$cluster <- heart$id
sim$cluster <- sim$center
veteran$cluster <- veteran$celltype
restricted("lung.rmst", lung, lung$sex - 1, 730, with(lung, Surv(time, event)))
restricted("mgus2.rmst", mgus2, mgus2$male, 240, with(mgus2, Surv(futime, death)))
restricted("sim512.rmst", sim, sim$trt, 60, with(sim, Surv(time, event)))
restricted("sim512.rmst_entry", sim, sim$trt, 36, with(sim, Surv(entry, time, event)))
restricted("heart.rmst", heart, heart$surgery, 500, with(heart, Surv(start, stop, event)))
restricted("veteran.rmst", veteran, veteran$trt - 1, 1500, with(veteran, Surv(time, status)))

# --- differences of milestones --------------------------------------------------------------------------------------------
milestone <- function(key, y, group, when, weights = NULL) {
  at <- lapply(1:0, function(g) {
    rows <- group == g
    fit <- if (is.null(weights)) survfit(y[rows] ~ 1) else survfit(y[rows] ~ 1, weights = weights[rows], robust = TRUE)
    found <- summary(fit, times = when)
    c(found$surv, found$std.err)
  })
  gap <- c(at[[1]][1] - at[[2]][1], sqrt(at[[1]][2]^2 + at[[2]][2]^2))
  put(key, c(gap, gap[1] + c(-1, 1) * qnorm(0.975) * gap[2], gap[1] / gap[2]))
}
milestone("lung.milestone", with(lung, Surv(time, event)), lung$sex - 1, 365)
milestone("lung.milestone_weighted", with(lung, Surv(time, event)), lung$sex - 1, 365, lung$w)
milestone("mgus2.milestone", with(mgus2, Surv(futime, death)), mgus2$male, 120)
milestone("sim512.milestone_weighted", with(sim, Surv(time, event)), sim$trt, 36, sim$w)

put("curves_versions", c(R.version$version.string, paste("survival", packageVersion("survival")), paste("cmprsk", packageVersion("cmprsk"))))
lines <- mapply(function(key, value) sprintf('  "%s": %s', key, toJSON(value, digits = NA, na = "null")), names(values), values)
writeLines(c("{", paste(lines, collapse = ",\n"), "}"), "curves_reference.json")
