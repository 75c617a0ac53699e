/** Stands for style sheets and pictures, which jsdom doesn't draw. */
module.exports = '<svg xmlns="http://www.w3.org/2000/svg"></svg>';
