# Writes a data frame of an unpacked package of R as CSV, without the rows that have no target, which becomes the last column.
# Cells that readers take for missing, such as the word "none", get a trailing underscore.
#
# usage: Rscript export.R <folder of the package's data> <object> <target> <columns to leave out, by commas> <out.csv>

arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
object <- arguments[2]
target <- arguments[3]
drop <- strsplit(arguments[4], ",", fixed = TRUE)[[1]]
out <- arguments[5]

where <- new.env()
if (file.exists(file.path(folder, "Rdata.rdx"))) {
  lazyLoad(file.path(folder, "Rdata"), envir = where)
} else {
  for (file in list.files(folder, pattern = "\\.(rda|RData)$", full.names = TRUE)) {
    if (!exists(object, where)) load(file, envir = where)
  }
}
table <- as.data.frame(get(object, where))
missing <- setdiff(c(target, drop), names(table))
if (length(missing) > 0) stop("no column ", paste(missing, collapse = ", "))
table <- table[!is.na(table[[target]]), ]
table <- table[, c(setdiff(names(table), c(target, drop)), target)]
words <- c("NA", "N/A", "#N/A", "NaN", "null", "none", "?", "-", "")
table[] <- lapply(table, function(column) {
  if (is.numeric(column) || is.logical(column)) return(column)
  cells <- gsub("[\r\n]+", " ", trimws(as.character(column)))
  ifelse(tolower(cells) %in% tolower(words), paste0(cells, "_"), cells)
})
write.csv(table, out, row.names = FALSE, na = "")
